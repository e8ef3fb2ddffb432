#include <memory>

#include "dsl_streams.hpp"
#include "millrace/processor/processor.hpp"

// Processors that do not fit the stream.

using std::string;

struct Words final : millrace::Processor<string, string> {
  void process(millrace::Record<string, string>) override {}
};
struct Numbers final : millrace::Processor<string, int> {
  void process(millrace::Record<string, int>) override {}
};
struct FixedWords final : millrace::FixedKeyProcessor<string, string> {
  void process(millrace::FixedKeyRecord<string, string>) override {}
};

void processors() {
#ifdef MILLRACE_MISUSE_processor_of_another_type
  keyed().process([] { return std::make_unique<Numbers>(); }).to("out");
#else
  keyed().process([] { return std::make_unique<Words>(); }).to("out");
#endif

#ifdef MILLRACE_MISUSE_processor_itself_instead_of_a_function
  keyed().process(std::make_unique<Words>()).to("out");
#else
  keyed().process([] { return std::make_unique<Words>(); }).to("out");
#endif

#ifdef MILLRACE_MISUSE_processor_that_may_change_the_key
  keyed().process_values([] { return std::make_unique<Words>(); }).to("out");
#else
  keyed().process_values([] { return std::make_unique<FixedWords>(); }).to("out");
#endif
}
