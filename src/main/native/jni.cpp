// The natives of dev.understudy.slm.Llama: marshalling, handles, guard(). No logic.
// Strings are UTF-8 in byte[], structures JSON; a handle is a number in a table, so a stale one is an error and no
// crash.
#include <jni.h>
#include <malloc.h>

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "backend.h"
#include "engine.h"
#include "errors.h"
#include "plan.h"

namespace {

using slm::Code;
using slm::Engine;
using slm::Error;
using slm::Plan;

JavaVM * virtual_machine = nullptr;
jclass exception_class = nullptr;
jmethodID exception_constructor = nullptr;
jmethodID on_events = nullptr;

template <class T>
class Handles {
  public:
    jlong add(std::shared_ptr<T> value) {
        const std::lock_guard<std::mutex> lock(mutex_);
        values_[++last_] = std::move(value);
        return last_;
    }

    std::shared_ptr<T> get(jlong handle) {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = values_.find(handle);
        if (found == values_.end()) throw Error(Code::Closed, "the handle is closed");
        return found->second;
    }

    std::shared_ptr<T> take(jlong handle) {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = values_.find(handle);
        if (found == values_.end()) return nullptr;
        auto value = std::move(found->second);
        values_.erase(found);
        return value;
    }

  private:
    std::mutex mutex_;
    std::map<jlong, std::shared_ptr<T>> values_;
    jlong last_ = 0;
};

// never freed: daemon threads of the JVM may still call while the process ends
Handles<Engine> & engines() {
    static auto * const table = new Handles<Engine>;
    return *table;
}

Handles<const Plan> & plans() {
    static auto * const table = new Handles<const Plan>;
    return *table;
}

jbyteArray to_java(JNIEnv * env, const std::string & text) {
    const auto length = static_cast<jsize>(text.size());
    jbyteArray array = env->NewByteArray(length);
    if (array && length > 0) {
        env->SetByteArrayRegion(array, 0, length, reinterpret_cast<const jbyte *>(text.data()));
    }
    return array;
}

std::string from_java(JNIEnv * env, jbyteArray array) {
    if (!array) return {};
    const jsize length = env->GetArrayLength(array);
    std::string text(static_cast<size_t>(length), '\0');
    if (length > 0) env->GetByteArrayRegion(array, 0, length, reinterpret_cast<jbyte *>(&text[0]));
    return text;
}

void throw_java(JNIEnv * env, Code code, const std::string & message, int retry_ms = 0) {
    if (env->ExceptionCheck()) return;
    jbyteArray bytes = to_java(env, std::string(slm::whole_characters(message, 500)));
    if (!bytes) return;
    auto * const exception = static_cast<jthrowable>(env->NewObject(
        exception_class, exception_constructor, static_cast<jint>(code), bytes, static_cast<jint>(retry_ms)));
    if (exception) env->Throw(exception);
}

// No C++ exception crosses into the JVM.
template <class F>
auto guard(JNIEnv * env, F f) -> decltype(f()) {
    try {
        return f();
    } catch (const Error & e) {
        throw_java(env, e.code(), e.what(), e.retry_ms());
    } catch (const common_json_error & e) {
        throw_java(env, Code::Invalid, e.what());
    } catch (const std::bad_alloc &) {
        throw_java(env, Code::Internal, "out of native memory");
    } catch (const std::exception & e) {
        throw_java(env, Code::Internal, e.what());
    } catch (...) {
        throw_java(env, Code::Internal, "unknown native error");
    }
    return decltype(f())();
}

// Records go into a direct buffer of Java's; one upcall says how many bytes they are.
class JavaSink : public slm::EventSink {
  public:
    JavaSink(JNIEnv * env, jobject listener, jobject buffer, std::string name)
        : listener_(env->NewGlobalRef(listener)),
          buffer_(env->NewGlobalRef(buffer)),
          address_(static_cast<uint8_t *>(env->GetDirectBufferAddress(buffer))),
          capacity_(static_cast<size_t>(std::max<jlong>(0, env->GetDirectBufferCapacity(buffer)))),
          name_(std::move(name)) {
        if (!address_) throw Error(Code::Invalid, "the event buffer is not direct");
    }

    ~JavaSink() override {
        JNIEnv * env = nullptr;
        if (virtual_machine->GetEnv(reinterpret_cast<void **>(&env), JNI_VERSION_10) != JNI_OK) return;
        env->DeleteGlobalRef(listener_);
        env->DeleteGlobalRef(buffer_);
    }

    void thread_started() override {
        JavaVMAttachArgs arguments = {JNI_VERSION_10, &name_[0], nullptr};
        virtual_machine->AttachCurrentThreadAsDaemon(reinterpret_cast<void **>(&env_), &arguments);
    }

    void thread_ends() override { virtual_machine->DetachCurrentThread(); }

    uint8_t * buffer() override { return address_; }

    size_t capacity() override { return capacity_; }

    void events(size_t length) override {
        env_->CallVoidMethod(listener_, on_events, static_cast<jint>(length));
        // the listener promises not to throw; a pending exception would end the next upcall
        if (env_->ExceptionCheck()) env_->ExceptionClear();
    }

  private:
    jobject listener_;
    jobject buffer_;
    uint8_t * address_;
    size_t capacity_;
    std::string name_;
    JNIEnv * env_ = nullptr;
};

}  // namespace

#define NATIVE(type, name) extern "C" JNIEXPORT type JNICALL Java_dev_understudy_slm_Llama_##name

extern "C" JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM * vm, void *) {
    virtual_machine = vm;
    JNIEnv * env = nullptr;
    if (vm->GetEnv(reinterpret_cast<void **>(&env), JNI_VERSION_10) != JNI_OK) return JNI_ERR;
    const jclass exception = env->FindClass("dev/understudy/slm/SlmException");
    if (!exception) return JNI_ERR;
    exception_class = static_cast<jclass>(env->NewGlobalRef(exception));
    exception_constructor = env->GetMethodID(exception_class, "<init>", "(I[BI)V");
    const jclass listener = env->FindClass("dev/understudy/slm/Llama$Listener");
    if (!listener) return JNI_ERR;
    on_events = env->GetMethodID(listener, "onEvents", "(I)V");
    return exception_constructor && on_events ? JNI_VERSION_10 : JNI_ERR;
}

NATIVE(void, init)(JNIEnv * env, jclass, jbyteArray folder) {
    guard(env, [&] { slm::Backend::init(from_java(env, folder)); });
}

NATIVE(jint, loadGpus)(JNIEnv * env, jclass, jbyteArray file) {
    return guard(env, [&]() -> jint { return static_cast<jint>(slm::Backend::load_gpus(from_java(env, file))); });
}

NATIVE(void, noteAbort)(JNIEnv * env, jclass, jbyteArray file) {
    guard(env, [&] { slm::Backend::note_abort(from_java(env, file)); });
}

NATIVE(jbyteArray, memoryNeed)(JNIEnv * env, jclass, jbyteArray config) {
    return guard(env, [&] {
        return to_java(env, slm::memory_need(slm::EngineConfig::parse(from_java(env, config))).describe());
    });
}

NATIVE(jbyteArray, devices)(JNIEnv * env, jclass) {
    return guard(env, [&] { return to_java(env, slm::Backend::devices()); });
}

NATIVE(jbyteArray, drainLog)(JNIEnv * env, jclass) {
    return guard(env, [&] { return to_java(env, slm::Backend::drain_log()); });
}

NATIVE(jlong, open)(JNIEnv * env, jclass, jbyteArray config, jobject listener, jobject buffer) {
    return guard(env, [&]() -> jlong {
        const auto parsed = slm::EngineConfig::parse(from_java(env, config));
        auto sink = std::make_unique<JavaSink>(env, listener, buffer, parsed.name);
        return engines().add(std::make_shared<Engine>(parsed, std::move(sink)));
    });
}

NATIVE(void, close)(JNIEnv * env, jclass, jlong handle) {
    guard(env, [&] {
        auto engine = engines().take(handle);
        if (!engine) return;
        engine->close();
        engine.reset();
        malloc_trim(0);
    });
}

NATIVE(jlong, prepare)(JNIEnv * env, jclass, jlong handle, jbyteArray chat) {
    return guard(env, [&]() -> jlong {
        return plans().add(slm::prepare(engines().get(handle)->model(), from_java(env, chat)));
    });
}

NATIVE(jbyteArray, planInfo)(JNIEnv * env, jclass, jlong plan) {
    return guard(env, [&] { return to_java(env, plans().get(plan)->describe()); });
}

NATIVE(jintArray, planTokens)(JNIEnv * env, jclass, jlong plan) {
    return guard(env, [&] {
        const auto found = plans().get(plan);
        const auto length = static_cast<jsize>(found->tokens.size());
        jintArray array = env->NewIntArray(length);
        if (array) env->SetIntArrayRegion(array, 0, length, found->tokens.data());
        return array;
    });
}

NATIVE(void, freePlan)(JNIEnv * env, jclass, jlong plan) {
    guard(env, [&] { plans().take(plan); });
}

NATIVE(jbyteArray, read)(JNIEnv * env, jclass, jlong plan, jbyteArray text, jboolean cut) {
    return guard(env,
                 [&] { return to_java(env, slm::read(*plans().get(plan), from_java(env, text), cut == JNI_TRUE)); });
}

NATIVE(void, submit)(JNIEnv * env, jclass, jlong handle, jlong id, jlong plan, jbyteArray params) {
    guard(env, [&] { engines().get(handle)->submit(id, plans().get(plan), from_java(env, params)); });
}

NATIVE(void, cancel)(JNIEnv * env, jclass, jlong handle, jlong id) {
    guard(env, [&] { engines().get(handle)->cancel(id); });
}

NATIVE(jint, loadAdapter)(JNIEnv * env, jclass, jlong handle, jbyteArray path, jbyteArray key) {
    return guard(
        env, [&]() -> jint { return engines().get(handle)->load_adapter(from_java(env, path), from_java(env, key)); });
}

NATIVE(jboolean, unloadAdapter)(JNIEnv * env, jclass, jlong handle, jint adapter) {
    return guard(env,
                 [&]() -> jboolean { return engines().get(handle)->unload_adapter(adapter) ? JNI_TRUE : JNI_FALSE; });
}

NATIVE(jbyteArray, adapters)(JNIEnv * env, jclass, jlong handle) {
    return guard(env, [&] { return to_java(env, engines().get(handle)->adapters()); });
}

NATIVE(jintArray, tokenize)
(JNIEnv * env, jclass, jlong handle, jbyteArray text, jboolean add_special, jboolean parse_special) {
    return guard(env, [&] {
        const auto tokens = engines().get(handle)->model()->tokenize(from_java(env, text), add_special == JNI_TRUE,
                                                                     parse_special == JNI_TRUE);
        const auto length = static_cast<jsize>(tokens.size());
        jintArray array = env->NewIntArray(length);
        if (array) env->SetIntArrayRegion(array, 0, length, tokens.data());
        return array;
    });
}

NATIVE(jbyteArray, detokenize)(JNIEnv * env, jclass, jlong handle, jintArray tokens) {
    return guard(env, [&] {
        const jsize length = env->GetArrayLength(tokens);
        std::vector<llama_token> list(static_cast<size_t>(length));
        env->GetIntArrayRegion(tokens, 0, length, list.data());
        return to_java(env, engines().get(handle)->model()->detokenize(list));
    });
}

NATIVE(jbyteArray, stats)(JNIEnv * env, jclass, jlong handle) {
    return guard(env, [&] { return to_java(env, engines().get(handle)->stats()); });
}
