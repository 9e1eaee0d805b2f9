// A chat template: the GGUF's own or an override, what it can do, and how it spells tool calls.
#pragma once

#include <optional>
#include <string>

#include "calls.h"
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

    // What the template writes for an assistant's turn, from the end of the generation prompt on.
    std::string turn(const common_chat_msg & answer) const;

  private:
    common_chat_templates_ptr templates_;
    bool present_;
    std::optional<CallFormat> calls_;
};

// A message with these calls (name, arguments).
common_chat_msg calling_message(const std::vector<std::pair<std::string, std::string>> & calls);

}  // namespace slm
