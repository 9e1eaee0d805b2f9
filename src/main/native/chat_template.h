// A chat template: the GGUF's own or an override, what it can do, and how it spells tool calls.
#pragma once

#include <optional>
#include <string>

#include "calls.h"
#include "chat-auto-parser.h"
#include "chat.h"

namespace slm {

class ChatTemplate {
  public:
    // `source`: an override, or empty for the model's own. Learns the call format by rendering sentinels.
    ChatTemplate(const llama_model * model, const std::string & source);

    // False if neither the model nor an override brings one: upstream would silently render ChatML.
    bool present() const { return present_; }

    // How calls are spelled; null if the template has no tools, or calls whose arguments are not JSON.
    const CallFormat * calls() const { return calls_ ? &*calls_ : nullptr; }

    // The prompt for these messages. Throws whatever the template throws.
    std::string render(const std::vector<common_chat_msg> & messages, const std::vector<common_chat_tool> & tools,
                       bool generation_prompt) const;

    // The same calls (name, arguments) as the model should have written them: by the template itself, without the end
    // of the turn. Throws whatever the template throws.
    std::string written(const std::vector<std::pair<std::string, std::string>> & calls) const;

    // The calls that upstream's own parser for this template finds in an answer, names and arguments; it takes other
    // ways through the template and the text than we do. Throws when the text is no answer to it.
    std::vector<std::pair<std::string, std::string>> found_by_upstream(const std::vector<common_chat_tool> & tools,
                                                                       const std::string & text) const;

  private:
    std::string turn(const common_chat_msg & answer) const;
    void learn_calls(const llama_model * model);

    common_chat_templates_ptr templates_;
    bool present_;
    std::optional<CallFormat> calls_;
    std::string question_;     // a prompt up to where the assistant's turn begins
    std::string end_of_turn_;  // what follows an assistant's text
    std::string generation_prompt_;
    autoparser::autoparser analysis_;  // of calls; costs milliseconds, so once
};

}  // namespace slm
