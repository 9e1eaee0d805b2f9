package dev.understudy.serve;

import dev.understudy.call.Decision;
import dev.understudy.call.Signals;

/**
 * What the rooms below said of a call.
 *
 * @param models of the policy set that decided, held for the exchange, which releases them once
 */
record Ruling(Signals signals, Decision decision, LiveModels models) {}
