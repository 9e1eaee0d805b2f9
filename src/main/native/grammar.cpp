#include "grammar.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "errors.h"
#include "json-schema-to-grammar.h"
#include "json_text.h"

namespace slm {

namespace {

constexpr size_t max_repetitions = 2000;
constexpr size_t max_repetitions_in_all = 100000;  // each is a rule of its own to the grammar's parser

const std::map<std::string, std::string> & primitives() {
    static const std::map<std::string, std::string> bodies = {
        {"character", R"([^"\\\x7F\x00-\x1F] | "\\" ( ["\\bfnrt] | "u00" [01] [0-9a-f] ))"},
        {"string", R"("\"" character* "\"")"},
        {"integer", R"("-"? ( "0" | [1-9] [0-9]{0,15} ))"},
        {"number", R"("-"? ( "0" | [1-9] [0-9]{0,15} ) ( "." [0-9]{1,15} )?)"},
        {"boolean", R"("true" | "false")"},
        {"null", R"("null")"},
    };
    return bodies;
}

// Keywords that narrow a schema in a way that the rules here do not express.
const std::vector<std::string> & inexpressible() {
    static const std::vector<std::string> keywords = {
        "not",
        "if",
        "then",
        "else",
        "contains",
        "multipleOf",
        "propertyNames",
        "dependentRequired",
        "dependentSchemas",
        "minProperties",
        "maxProperties",
        "patternProperties",
        "unevaluatedProperties",
        "unevaluatedItems",
        "$dynamicRef",
    };
    return keywords;
}

std::optional<size_t> bound(const common_json & schema, const char * keyword) {
    if (!schema.contains(keyword)) return std::nullopt;
    const auto & value = schema.at(keyword);
    if (!value.is_number_integer()) throw Error(Code::Invalid, std::string(keyword) + " must be an integer");
    const auto number = value.get<int64_t>();
    if (number < 0 || number > static_cast<int64_t>(max_repetitions)) {
        throw Error(Code::Invalid, std::string(keyword) + " must be between 0 and 2000");
    }
    return static_cast<size_t>(number);
}

// Counts in braces over the bound: the grammar's parser would refuse them, loudly.
void check_repetitions(const std::string & expression) {
    size_t count = 0;
    for (const char c : expression) {
        count = c >= '0' && c <= '9' ? count * 10 + static_cast<size_t>(c - '0') : 0;
        if (count > max_repetitions) throw Error(Code::Invalid, "pattern: a count over 2000");
    }
}

// What a pattern would cost the decode thread. A grammar follows all readings of a text at once, so what may be empty
// within what repeats, and counts within counts, take seconds a token: (a?){0,900} never ends.
class PatternCost {
  public:
    explicit PatternCost(const std::string & expression) : expression_(expression) {}

    bool too_high() {
        std::vector<Group> open(1);
        for (size_t i = 0; i < expression_.size();) {
            const char c = expression_[i];
            if (c == '^' || c == '$') {
                i++;
                continue;
            }
            if (c == '(') {
                open.emplace_back();
                i++;
                continue;
            }
            if (c == '|') {
                open.back().next_alternative();
                i++;
                continue;
            }
            Atom atom;
            if (c == ')') {
                if (open.size() == 1) return false;  // no expression: the converter says so
                open.back().next_alternative();
                atom = {open.back().may_be_empty, open.back().count};
                open.pop_back();
            }
            i = quantified(end_of_atom(i), atom);
            open.back().add(atom);
            if (too_high_) return true;
        }
        return optional_ > max_optional;
    }

  private:
    static constexpr size_t max_optional = 32;
    static constexpr size_t max_empty_count = 20;
    static constexpr size_t max_nested_count = 500;

    struct Atom {
        bool may_be_empty = false;
        size_t count = 1;  // of the counts within it, multiplied
    };

    struct Group {
        bool may_be_empty = false;
        bool all_empty = true;  // of the alternative that is being read
        size_t count = 1;

        void next_alternative() {
            may_be_empty = may_be_empty || all_empty;
            all_empty = true;
        }

        void add(const Atom & atom) {
            all_empty = all_empty && atom.may_be_empty;
            count = std::max(count, atom.count);
        }
    };

    size_t end_of_atom(size_t at) const {
        if (expression_[at] == '\\') return std::min(at + 2, expression_.size());
        if (expression_[at] != '[') return at + 1;
        for (size_t i = at + 1; i < expression_.size(); i++) {
            if (expression_[i] == '\\') {
                i++;
            } else if (expression_[i] == ']') {
                return i + 1;
            }
        }
        return expression_.size();
    }

    size_t quantified(size_t at, Atom & atom) {
        if (at >= expression_.size()) return at;
        const char c = expression_[at];
        if (c == '?' || c == '*') {
            atom.may_be_empty = true;
            optional_++;
            return at + 1;
        }
        if (c == '+') return at + 1;
        if (c != '{') return at;
        const size_t close = expression_.find('}', at);
        if (close == std::string::npos) return at + 1;
        const std::string counts = expression_.substr(at + 1, close - at - 1);
        const size_t comma = counts.find(',');
        const size_t least = static_cast<size_t>(std::strtoul(counts.c_str(), nullptr, 10));
        const bool bounded = comma == std::string::npos || comma + 1 < counts.size();
        const size_t most = comma == std::string::npos || !bounded
                                ? std::max<size_t>(least, 1)
                                : static_cast<size_t>(std::strtoul(counts.c_str() + comma + 1, nullptr, 10));
        const bool nested = atom.count > 1;
        too_high_ = too_high_ || (atom.may_be_empty && most > max_empty_count);
        atom.count *= std::min(std::max<size_t>(most, 1), max_repetitions);
        too_high_ = too_high_ || (nested && atom.count > max_nested_count);
        if (least == 0) {
            atom.may_be_empty = true;
            optional_++;
        }
        return close + 1;
    }

    const std::string & expression_;
    size_t optional_ = 0;
    bool too_high_ = false;
};

std::string repeated(const std::string & item, size_t least, std::optional<size_t> most) {
    return item + "{" + std::to_string(least) + "," + (most ? std::to_string(*most) : "") + "}";
}

// A pointer into a document, as in #/$defs/place; nothing if it leads nowhere.
const common_json * resolve(const common_json & document, const std::string & reference) {
    if (reference.empty() || reference[0] != '#') return nullptr;
    const common_json * at = &document;
    size_t from = 1;
    while (from < reference.size()) {
        if (reference[from] != '/') return nullptr;
        size_t to = reference.find('/', from + 1);
        if (to == std::string::npos) to = reference.size();
        std::string key;
        for (size_t i = from + 1; i < to; i++) {
            if (reference[i] == '~' && i + 1 < to) {
                key += reference[++i] == '0' ? '~' : '/';
            } else {
                key += reference[i];
            }
        }
        if (!at->is_object() || !at->contains(key)) return nullptr;
        at = &at->at(key);
        from = to;
    }
    return at;
}

bool is_name_part(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

// Puts `prefix` before each rule name of a grammar's line; literals, character classes and repetition counts stay.
std::string prefixed(const std::string & line, const std::string & prefix) {
    std::string out;
    for (size_t i = 0; i < line.size();) {
        const char c = line[i];
        const char close = c == '"' ? '"' : c == '[' ? ']' : c == '{' ? '}' : 0;
        if (close) {
            size_t end = i + 1;
            while (end < line.size() && line[end] != close) end += line[end] == '\\' ? 2 : 1;
            end = std::min(end + 1, line.size());
            out.append(line, i, end - i);
            i = end;
        } else if (is_name_part(c)) {
            size_t end = i;
            while (end < line.size() && is_name_part(line[end])) end++;
            out += prefix;
            out.append(line, i, end - i);
            i = end;
        } else {
            out += c;
            i++;
        }
    }
    return out;
}

}  // namespace

std::string literal(const std::string & text) {
    std::string out = "\"";
    for (const char c : text) {
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                out += c;
        }
    }
    return out + "\"";
}

std::string spelled(const common_json & value) {
    if (value.is_object()) {
        std::string out = "{";
        for (const auto & [key, member] : value.items()) {
            if (out.size() > 1) out += ", ";
            out += common_json::make(key).dump() + ": " + spelled(member);
        }
        return out + "}";
    }
    if (value.is_array()) {
        std::string out = "[";
        for (const auto & item : value) {
            if (out.size() > 1) out += ", ";
            out += spelled(item);
        }
        return out + "]";
    }
    return value.dump();
}

// One walk over one document; keeps what is only of use while walking.
class Grammar::Walk {
  public:
    Walk(Grammar & grammar, const common_json & document) : grammar_(grammar), document_(document) {}

    std::string value(const common_json & schema) {
        if (schema.is_boolean()) {
            if (!schema.get<bool>()) throw Error(Code::Invalid, "the schema false allows no value");
            return grammar_.any_value();
        }
        if (!schema.is_object()) throw Error(Code::Invalid, "a schema must be an object or a boolean");
        refuse_inexpressible(schema);
        if (schema.contains("$ref")) return reference(schema.at("$ref").get<std::string>());
        if (schema.contains("const")) return literal(spelled(schema.at("const")));
        if (schema.contains("enum")) return enumeration(schema.at("enum"));
        for (const char * keyword : {"oneOf", "anyOf"}) {
            if (schema.contains(keyword)) return alternatives(schema, keyword);
        }
        if (schema.contains("allOf")) return all_of(schema);
        if (!schema.contains("type")) return untyped(schema);
        const auto & type = schema.at("type");
        if (type.is_string()) return typed(schema, type.get<std::string>());
        if (!type.is_array() || type.empty()) throw Error(Code::Invalid, "type must be a string or a list of strings");
        std::string body;
        for (const auto & one : type) body += (body.empty() ? "" : " | ") + typed(schema, one.get<std::string>());
        return grammar_.rule(body);
    }

  private:
    void refuse_inexpressible(const common_json & schema) const {
        if (grammar_.keywords_ == Keywords::Loosen) return;
        for (const auto & keyword : inexpressible()) {
            if (schema.contains(keyword)) throw Error(Code::Unsupported, "schema keyword " + keyword);
        }
        if (schema.contains("uniqueItems") && schema.at("uniqueItems") == true) {
            throw Error(Code::Unsupported, "schema keyword uniqueItems");
        }
    }

    std::string counted(const std::string & item, size_t least, std::optional<size_t> most) {
        grammar_.repetitions_ += most.value_or(least);
        if (grammar_.repetitions_ > max_repetitions_in_all) {
            throw Error(Code::Invalid, "schema: minLength, maxLength, minItems and maxItems add up to over 100,000");
        }
        return repeated(item, least, most);
    }

    std::string reference(const std::string & pointer) {
        const auto known = references_.find(pointer);
        if (known != references_.end()) return known->second;
        const common_json * target = resolve(document_, pointer);
        if (!target) throw Error(Code::Invalid, "$ref leads nowhere: " + pointer.substr(0, 100));
        // named before it is walked, so that a schema may contain itself
        const std::string name = grammar_.rule("");
        references_[pointer] = name;
        const std::string body = value(*target);
        if (body == name) throw Error(Code::Invalid, "$ref leads to itself: " + pointer.substr(0, 100));
        grammar_.rules_[name] = body;
        return name;
    }

    std::string enumeration(const common_json & values) {
        if (!values.is_array() || values.empty()) throw Error(Code::Invalid, "enum must be a list that is not empty");
        std::string body;
        for (const auto & one : values) body += (body.empty() ? "" : " | ") + literal(spelled(one));
        return grammar_.rule(body);
    }

    std::string alternatives(const common_json & schema, const char * keyword) {
        const auto & list = schema.at(keyword);
        if (!list.is_array() || list.empty()) throw Error(Code::Invalid, std::string(keyword) + " must be a list");
        std::string body;
        for (const auto & one : list) body += (body.empty() ? "" : " | ") + value(one);
        return grammar_.rule(body);
    }

    std::string all_of(const common_json & schema) {
        const auto & list = schema.at("allOf");
        if (list.is_array() && list.size() == 1) return value(list.at(0));
        if (grammar_.keywords_ == Keywords::Refuse) throw Error(Code::Unsupported, "schema keyword allOf");
        return grammar_.any_value();
    }

    std::string untyped(const common_json & schema) {
        if (schema.contains("properties")) return typed(schema, "object");
        if (schema.contains("items") || schema.contains("prefixItems")) return typed(schema, "array");
        return grammar_.any_value();
    }

    std::string typed(const common_json & schema, const std::string & type) {
        if (type == "object") return object(schema);
        if (type == "array") return array(schema);
        if (type == "string") return string(schema);
        if (type == "integer" || type == "number") return number(schema, type);
        if (type == "boolean" || type == "null") return grammar_.primitive(type);
        throw Error(Code::Invalid, "unknown type in schema: " + type.substr(0, 40));
    }

    std::string string(const common_json & schema) {
        if (schema.contains("pattern")) return pattern(schema.at("pattern").get<std::string>());
        if (schema.contains("format")) {
            const auto format = schema.at("format").get<std::string>();
            if (format == "date" || format == "time" || format == "date-time" || format == "uuid") {
                return grammar_.imported(common_json{{"type", "string"}, {"format", format}});
            }
        }
        const auto least = bound(schema, "minLength");
        const auto most = bound(schema, "maxLength");
        if (!least && !most) return grammar_.primitive("string");
        const std::string character = grammar_.primitive("character");
        return grammar_.rule(R"("\"" )" + counted(character, least.value_or(0), most) + R"( "\"")");
    }

    std::string pattern(const std::string & expression) {
        check_repetitions(expression);
        if (PatternCost(expression).too_high()) {
            if (grammar_.keywords_ == Keywords::Loosen) return grammar_.primitive("string");
            throw Error(Code::Unsupported, "schema keyword pattern: it repeats what repeats, or what may be empty");
        }
        const std::string name = grammar_.imported(common_json{{"type", "string"}, {"pattern", expression}});
        // upstream takes any string where it does not understand the expression
        if (grammar_.keywords_ == Keywords::Refuse &&
            grammar_.rules_[name] == name.substr(0, name.size() - 4) + "string") {
            throw Error(Code::Unsupported, "schema keyword pattern: only ^...$ without look-around and \\p");
        }
        return name;
    }

    std::string number(const common_json & schema, const std::string & type) {
        common_json leaf = {{"type", type}};
        bool bounded = false;
        for (const char * keyword : {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}) {
            if (!schema.contains(keyword)) continue;
            leaf[keyword] = schema.at(keyword);
            bounded = true;
        }
        if (!bounded) return grammar_.primitive(type);
        if (type == "integer") return grammar_.imported(leaf);
        if (grammar_.keywords_ == Keywords::Refuse)
            throw Error(Code::Unsupported, "bounds of a number that is no integer");
        return grammar_.primitive(type);
    }

    std::string array(const common_json & schema) {
        if (schema.contains("prefixItems")) {
            std::string body;
            for (const auto & item : schema.at("prefixItems")) {
                body += (body.empty() ? std::string() : std::string(R"( ", " )")) + value(item);
            }
            return grammar_.rule(R"("[" )" + body + R"( "]")");
        }
        const std::string item = schema.contains("items") ? value(schema.at("items")) : grammar_.any_value();
        const size_t least = bound(schema, "minItems").value_or(0);
        const auto most = bound(schema, "maxItems");
        if (most && *most == 0) return literal("[]");
        const std::string tail = R"(( ", " )" + item + " )";
        const size_t tail_least = least > 0 ? least - 1 : 0;
        const std::string items =
            item + " " + (most ? counted(tail, tail_least, *most - 1) : counted(tail, tail_least, std::nullopt));
        return grammar_.rule(R"("[" )" + (least > 0 ? items : "( " + items + " )?") + R"( "]")");
    }

    std::string object(const common_json & schema) {
        std::vector<Property> properties;
        std::set<std::string> required;
        if (schema.contains("required")) {
            for (const auto & name : schema.at("required")) required.insert(name.get<std::string>());
        }
        if (schema.contains("properties")) {
            for (const auto & [name, property] : schema.at("properties").items()) {
                properties.push_back({name, value(property), required.erase(name) > 0});
            }
        }
        for (const auto & name : required) properties.push_back({name, grammar_.any_value(), true});
        if (properties.empty()) return open_object(schema);
        Members members{grammar_, properties, {}};
        return grammar_.rule(R"("{" )" + members.from(0, true) + R"( "}")");
    }

    std::string open_object(const common_json & schema) {
        if (!schema.contains("additionalProperties")) {
            return schema.contains("properties") ? literal("{}") : grammar_.any_object();
        }
        const auto & more = schema.at("additionalProperties");
        if (more.is_boolean()) return more.get<bool>() ? grammar_.any_object() : literal("{}");
        const std::string member = grammar_.primitive("string") + R"( ": " )" + value(more);
        return grammar_.rule(R"("{" ( )" + member + R"( ( ", " )" + member + R"( )* )? "}")");
    }

    struct Property {
        std::string name;
        std::string value;
        bool required;
    };

    // The members from one property on; a rule per place, or optional members would double the grammar each time.
    struct Members {
        Grammar & grammar;
        const std::vector<Property> & properties;
        std::map<std::pair<size_t, bool>, std::string> known;

        std::string from(size_t index, bool first) {
            if (index == properties.size()) return R"("")";
            const auto found = known.find({index, first});
            if (found != known.end()) return found->second;
            const auto & property = properties[index];
            const std::string name = (first ? "" : ", ") + spelled(common_json::make(property.name)) + ": ";
            std::string body = literal(name) + " " + property.value + " " + from(index + 1, false);
            if (!property.required) body += " | " + from(index + 1, first);
            return known[{index, first}] = grammar.rule(body);
        }
    };

    Grammar & grammar_;
    const common_json & document_;
    std::map<std::string, std::string> references_;
};

std::string Grammar::value(const common_json & schema, const common_json & document) {
    try {
        return Walk(*this, document).value(schema);
    } catch (const common_json_error & e) {
        throw Error(Code::Invalid, std::string("schema: ") + e.what());
    }
}

std::string Grammar::rule(const std::string & body) {
    const std::string name = "r" + std::to_string(next_++);
    rules_[name] = body;
    return name;
}

std::string Grammar::primitive(const std::string & kind) {
    rules_[kind] = primitives().at(kind);
    if (kind == "string") primitive("character");
    return kind;
}

std::string Grammar::any_value() {
    for (const char * kind : {"string", "number", "boolean", "null"}) primitive(kind);
    any_object();
    rules_["any"] = R"(string | number | boolean | null | any-object | "[" ( any ( ", " any )* )? "]")";
    return "any";
}

std::string Grammar::any_object() {
    if (rules_.emplace("any-object", R"("{" ( string ": " any ( ", " string ": " any )* )? "}")").second) any_value();
    return "any-object";
}

// Patterns, formats and bounds of integers come from upstream's converter, which writes no white space into a leaf.
std::string Grammar::imported(const common_json & leaf) {
    std::string grammar;
    try {
        grammar = json_schema_to_grammar(leaf, true);
    } catch (const std::exception & e) {
        throw Error(Code::Invalid, std::string("schema: ") + e.what());
    }
    const std::string prefix = "x" + std::to_string(next_++) + "-";
    size_t from = 0;
    while (from < grammar.size()) {
        size_t to = grammar.find('\n', from);
        if (to == std::string::npos) to = grammar.size();
        const std::string line = grammar.substr(from, to - from);
        from = to + 1;
        const size_t sign = line.find(" ::= ");
        if (sign == std::string::npos || line.compare(0, sign, "space") == 0) continue;
        rules_[prefix + line.substr(0, sign)] = prefixed(line.substr(sign + 5), prefix);
    }
    return prefix + "root";
}

std::string Grammar::text(const std::string & root) const {
    std::string out = "root ::= " + root + "\n";
    for (const auto & [name, body] : rules_) out += name + " ::= " + body + "\n";
    return out;
}

}  // namespace slm
