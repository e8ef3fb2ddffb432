// SPDX-License-Identifier: Apache-2.0
package millrace.bench;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The records of the buy pipeline, as plain objects that Jackson maps by their fields. */
final class Model {
    static final class Alert {
        public String id;
        public String time;
    }

    static final class Variation {
        public String id;
        @JsonProperty("variation_ex")
        public double variationEx;
        @JsonProperty("variation_in")
        public double variationIn;
    }

    static final class Buy {
        @JsonProperty("A_ID")
        public final String id;

        Buy(final String id) {
            this.id = id;
        }
    }

    private Model() {}
}
