// What the people's door says, as it says it. Absent values are null.

export type Tier = 'slm' | 'llm' | 'none';
export type Outcome = 'completed' | 'client_gone' | 'failed' | 'denied';

/** One call in one line. Times in microseconds, money in the catalogue's currency. */
export interface CallLine {
  id: string;
  ts: string;
  team: string;
  app: string;
  model: string;
  tier: Tier;
  servedModel: string | null;
  site: string | null;
  task: string | null;
  kind: string | null;
  phase: string | null;
  rule: string | null;
  why: string;
  route: string | null;
  outcome: Outcome;
  status: number;
  error: string | null;
  stream: boolean;
  inputTokens: number;
  cachedTokens: number;
  outputTokens: number;
  cost: number | null;
  baseline: number | null;
  ttftMicros: number | null;
  latencyMicros: number;
}

/** A step of the ladder that an answer had to pass. */
export interface VerifyStep {
  step: string;
  result: 'pass' | 'fail' | 'skip';
  detail: string;
  micros: number;
}

/** One try on one model; times are counted from the call's arrival. */
export interface Attempt {
  n: number;
  role: string;
  tier: Tier;
  model: string;
  variant: string | null;
  startMicros: number;
  queueMicros: number | null;
  firstContentMicros: number | null;
  endMicros: number;
  status: number | null;
  error: string | null;
  finish: string | null;
  inputTokens: number | null;
  cachedTokens: number | null;
  outputTokens: number | null;
  device: string | null;
  deviceMicros: number | null;
  minMargin: number | null;
  verify: VerifyStep[];
  accepted: boolean;
  cost: number | null;
}

/** A target that was not eligible. */
export interface Dropped {
  model: string;
  code: string;
  detail: string;
}

/** Contents that were kept: 0 is the request, else the answer of that attempt; `cut` when only their beginning is here. */
export interface KeptBody {
  n: number;
  json: string;
  cut: boolean;
}

/** One call and, for those who may read them, its contents. */
export interface OneCall {
  story: CallStory;
  bodies: KeptBody[] | null;
}

/** One call's whole way. */
export interface CallStory {
  line: CallLine;
  session: string;
  api: string;
  siteMatch: string | null;
  sensitivity: string | null;
  reasons: Record<string, string>;
  unknown: Record<string, string>;
  revision: string;
  action: string | null;
  basis: string | null;
  bucket: number | null;
  escalation: string | null;
  mirror: string | null;
  dropped: Dropped[];
  finish: string | null;
  overheadMicros: number | null;
  record: string;
  attempts: Attempt[];
}

/** Sums over a stretch of time. */
export interface Totals {
  calls: number;
  slm: number;
  llm: number;
  failed: number;
  denied: number;
  unpriced: number;
  cost: number | null;
  baseline: number | null;
  saved: number | null;
  slmShare: number | null;
  p95Micros: number | null;
}

export type ReadinessState = 'ready' | 'loading' | 'failing' | 'unavailable';

/** Everything the strip at the top shows. */
export interface Summary {
  baseUrl: string;
  currency: string;
  startedAt: string;
  day: Totals | null;
  sinceStart: Totals | null;
  models: { name: string; tier: Tier; state: ReadinessState; reason: string }[];
  policy: { revision: string; problems: string[] };
  /** Whether small models may answer; `known` is false as long as the database could not be asked. */
  slm: { enabled: boolean; known: boolean; actor: string | null; at: string | null };
  capture: { waiting: number; written: number; lost: number; databaseReachable: boolean };
}

/** What an event of the live stream carries: calls that ended, and how many more there was no room for. */
export interface CallsEvent {
  calls: CallLine[];
  missed: number;
}
