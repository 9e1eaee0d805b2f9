// The messages of a chat body: read, and held against the prompt that a template made of them.
#pragma once

#include <string>
#include <vector>

#include "chat.h"

namespace slm {

// The messages of a body. Throws Error: Invalid for what is no list of messages, Unsupported for roles, parts and
// fields that no chat template shows a model.
std::vector<common_chat_msg> read_messages(const common_json & body);

// Templates leave out what they were not written for, without a word: a role, a second system message, the calls of a
// turn. Throws Error(Unsupported) unless the texts, calls and tools all stand in the prompt, in their order (system
// messages anywhere).
void require_all_shown(const std::vector<common_chat_msg> & messages, const std::vector<common_chat_tool> & tools,
                       const std::string & prompt);

}  // namespace slm
