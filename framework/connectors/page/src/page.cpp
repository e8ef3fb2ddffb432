// SPDX-License-Identifier: Apache-2.0
#include "millrace/page/page.hpp"

#include <utility>

#include "http_server.hpp"
#include "page_data.hpp"
#include "topic_reader.hpp"

namespace millrace::page {

class LivePage::Impl {
 public:
  Impl(Broker& broker, const PageSpec& spec, const PageOptions& options)
      : data_(spec, options, broker.address()),
        server_(options, data_),
        reader_(
            broker, options, data_, [this](detail::Event event) { server_.publish(std::move(event)); },
            [this] { return server_.has_viewers(); }) {}

  [[nodiscard]] const detail::HttpServer& server() const { return server_; }

 private:
  detail::PageData data_;
  detail::HttpServer server_;
  detail::TopicReader reader_;  // last: its thread uses the members above
};

LivePage::LivePage(Broker& broker, const PageSpec& spec, const PageOptions& options)
    : impl_(std::make_unique<Impl>(broker, spec, options)) {}
LivePage::~LivePage() = default;

std::string LivePage::url() const { return impl_->server().url(); }
std::uint16_t LivePage::port() const { return impl_->server().port(); }

}  // namespace millrace::page
