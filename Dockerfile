# SPDX-License-Identifier: Apache-2.0
# The programs of Millrace on Debian 12: docker build -t millrace . && docker run --rm millrace buy_pipeline
FROM debian:12 AS build
WORKDIR /millrace
# Packages first: this layer changes seldom.
COPY scripts/packages.txt scripts/install-deps.sh scripts/
RUN scripts/install-deps.sh --build
COPY . .
RUN scripts/build.sh release --without-tests

FROM debian:12-slim
# What the programs link to. RocksDB is linked statically; these are what it uses, too.
RUN apt-get update && apt-get install -y --no-install-recommends \
      ca-certificates libbz2-1.0 libcsv3 libcurl4 libfmt9 libicu72 liblz4-1 libmariadb3 libmongoc-1.0-0 librdkafka1 \
      libsimdjson14 libsnappy1v5 libspdlog1.10 libssl3 libtcmalloc-minimal4 libzstd1 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home millrace
COPY --from=build /millrace/build/release/bin/ /usr/local/bin/
COPY --from=build /millrace/data/ /home/millrace/data/
USER millrace
WORKDIR /home/millrace
CMD ["buy_pipeline"]
