#include "millrace/processor/detail/task_context.hpp"

namespace millrace::detail {

void TaskContext::put_back_displaced_record() {
  if (displaced_record) record = *displaced_record;
  displaced_record.reset();
}

}  // namespace millrace::detail
