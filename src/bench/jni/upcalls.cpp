// Hands records to Java as the engine does, without a model: what that costs by
// itself.
#include <jni.h>

#include <vector>

#include "events.h"

extern "C" JNIEXPORT void JNICALL Java_dev_understudy_slm_EngineBench_upcalls(
    JNIEnv *env, jclass, jobject listener, jobject buffer, jint steps,
    jint tokens) {
  const jmethodID on_events =
      env->GetMethodID(env->GetObjectClass(listener), "onEvents", "(I)V");
  auto *const address =
      static_cast<uint8_t *>(env->GetDirectBufferAddress(buffer));
  const auto capacity =
      static_cast<size_t>(env->GetDirectBufferCapacity(buffer));
  slm::RecordWriter writer(address, capacity, [&](size_t length) {
    env->CallVoidMethod(listener, on_events, static_cast<jint>(length));
    if (env->ExceptionCheck())
      env->ExceptionClear();
  });
  slm::TokenRecord record;
  record.token = 4711;
  record.text = " orders";
  for (jint step = 0; step < steps; step++) {
    for (jint i = 0; i < tokens; i++)
      writer.token(i + 1, record);
    writer.flush();
  }
}
