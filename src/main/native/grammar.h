// JSON Schema to GBNF with one spelling: ", " and ": " between the parts, no other white space, members in the schema's
// order. It is how json.dumps writes and how training rows are spelled: free white space and free order eat a small
// model's tokens and its certainty.
#pragma once

#include <map>
#include <string>

#include "json.h"

namespace slm {

// What happens with a keyword that a grammar of this kind cannot hold (not, if, patternProperties, uniqueItems ...).
enum class Keywords {
    Refuse,  // the answer must validate, so Error(Unsupported) names the keyword
    Loosen,  // the keyword is left to whoever checks the answer
};

// The rules for the values of one or more schemas; text() is a whole grammar.
class Grammar {
  public:
    explicit Grammar(Keywords keywords) : keywords_(keywords) {}

    // An expression for the values of `schema`. References (#/...) are looked up in `document`, which must outlive the
    // call. Throws Error(Invalid) for what is no schema, Error(Unsupported) as said above.
    std::string value(const common_json & schema, const common_json & document);

    // An expression for any JSON object.
    std::string any_object();

    // Adds a rule and returns its name.
    std::string rule(const std::string & body);

    // The grammar, root first.
    std::string text(const std::string & root) const;

  private:
    class Walk;

    std::string primitive(const std::string & kind);
    std::string any_value();
    std::string imported(const common_json & leaf);

    Keywords keywords_;
    std::map<std::string, std::string> rules_;
    size_t next_ = 0;
    size_t repetitions_ = 0;
};

// A GBNF literal for these bytes.
std::string literal(const std::string & text);

// JSON in the one spelling.
std::string spelled(const common_json & value);

}  // namespace slm
