// SPDX-License-Identifier: Apache-2.0
import java.util.TreeMap;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.utils.internals.AppInfoParser;
import org.apache.kafka.streams.StreamsConfig;

/**
 * Writes config_keys.txt: every key of Kafka Streams' StreamsConfig with its default in the form of a properties
 * file ("-" if there is no default). Run again for a new Kafka version, with the jars of kafka-streams on the class path:
 *
 *   java -cp 'LIBRARIES/*' ConfigKeys.java > ../config_keys.txt
 */
public class ConfigKeys {
    public static void main(final String[] args) {
        System.out.println("# Keys and defaults of Kafka Streams " + AppInfoParser.getVersion()
            + ", written by java/ConfigKeys.java.");
        for (final ConfigDef.ConfigKey key : new TreeMap<>(StreamsConfig.configDef().configKeys()).values()) {
            System.out.println(key.name + " " + defaultOf(key));
        }
    }

    private static String defaultOf(final ConfigDef.ConfigKey key) {
        // A property of this machine, not of Kafka Streams.
        if (key.name.equals(StreamsConfig.STATE_DIR_CONFIG)) return "/tmp/kafka-streams";
        if (!key.hasDefault() || key.defaultValue == null) return "-";
        final String text = ConfigDef.convertToString(key.defaultValue, key.type);
        return text.isEmpty() ? "-" : text;
    }
}
