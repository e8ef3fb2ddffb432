// SPDX-License-Identifier: Apache-2.0
// Writes timestamp_cases.inc, the results of Java that timestamps_test.cpp compares with:
//     java TimestampCases.java > timestamp_cases.inc
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

public class TimestampCases {
  static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  static void line(String function, String pattern, String zone, String input, String result) {
    System.out.println("{" + function + ", " + quoted(pattern) + ", " + quoted(zone) + ", " + quoted(input) + ", "
        + quoted(result) + "},");
  }

  // The rule of ksqlDB: every field of the text replaces the one of 1970-01-01T00:00, the largest unit first.
  static String parse(String pattern, String zone, String text) {
    try {
      TemporalAccessor parsed = new DateTimeFormatterBuilder().parseCaseInsensitive().appendPattern(pattern)
          .toFormatter(Locale.US).parse(text);
      ZoneId own = parsed.query(TemporalQueries.zone());
      ZonedDateTime time = ZonedDateTime.of(1970, 1, 1, 0, 0, 0, 0, own == null ? ZoneId.of(zone) : own);
      List<ChronoField> fields = Stream.of(ChronoField.values()).filter(parsed::isSupported)
          .sorted(Comparator.comparing((ChronoField field) -> field.getBaseUnit().getDuration()).reversed()).toList();
      for (ChronoField field : fields) {
        // Fields before this one may have moved the date to the next year, which has no day 366.
        if (field == ChronoField.DAY_OF_YEAR && fields.contains(ChronoField.YEAR)) {
          time = time.with(ChronoField.YEAR, parsed.getLong(ChronoField.YEAR));
        }
        time = time.with(field, parsed.getLong(field));
      }
      return Long.toString(time.toInstant().toEpochMilli());
    } catch (RuntimeException error) {
      return "error";
    }
  }

  static String format(String pattern, String zone, long time) {
    try {
      return DateTimeFormatter.ofPattern(pattern, Locale.US).format(Instant.ofEpochMilli(time).atZone(ZoneId.of(zone)));
    } catch (RuntimeException error) {
      return "error";
    }
  }

  static void texts(String pattern, String zone, String... texts) {
    for (String text : texts) line("kParse", pattern, zone, text, parse(pattern, zone, text));
  }

  public static void main(String[] args) {
    String berlin = "Europe/Berlin";
    texts("yyyy-MM-dd'T'HH:mm:ss.SSSX", "UTC", "2021-03-28T01:30:00.000Z", "2021-03-28T01:30:00.123+02",
        "2021-03-28T01:30:00.123-0330", "2021-03-28T01:30:00.123+02:00", "2021-03-28t01:30:00.999z",
        "2021-03-28T01:30:00.12Z", "2021-03-28T01:30:00.1234Z", "2021-3-28T01:30:00.123Z", "2021-03-28 01:30:00.123Z",
        "2021-03-28T01:30:00.123", "", "2021", "2021-03-28T01:30:60.000Z", "2021-03-28T24:00:00.000Z",
        "2021-03-28T24:00:01.000Z", "2021-03-28T25:00:00.000Z", "2021-13-28T01:00:00.000Z", "2021-00-28T01:00:00.000Z",
        "2021-02-29T00:00:00.000Z", "2021-02-30T00:00:00.000Z", "2021-04-31T00:00:00.000Z", "2021-04-32T00:00:00.000Z",
        "2021-04-00T00:00:00.000Z", "2020-02-29T23:59:59.999Z", "0000-01-01T00:00:00.000Z", "0001-01-01T00:00:00.000Z",
        "9999-12-31T23:59:59.999Z", "+12021-01-01T00:00:00.000Z", "12021-01-01T00:00:00.000Z",
        "-0001-01-01T00:00:00.000Z", "2021-03-28T01:30:00.000Zx", "2021-03-28T01:30:00.000+18",
        "1969-12-31T23:59:59.999Z",
        "2021-03-28T01:30:00.000+19", "2021-03-28T01:30:00.000+0260", "2021-03-28T01:30:00.000+00");
    for (String time : new String[]{"2021-03-28 01:59:59", "2021-03-28 02:00:00", "2021-03-28 02:30:00",
        "2021-03-28 03:00:00", "2021-10-31 01:59:59", "2021-10-31 02:00:00", "2021-10-31 02:30:00",
        "2021-10-31 03:00:00", "2021-07-01 12:00:00", "1900-01-01 00:00:00", "1893-04-01 00:00:00",
        "1850-06-01 12:00:00",
        "2100-07-01 00:00:00"}) {
      for (String zone : new String[]{"UTC", berlin, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
          "America/Sao_Paulo", "+05:30", "UTC-3", "GMT"}) {
        texts("yyyy-MM-dd HH:mm:ss", zone, time);
      }
    }
    texts("yyyy-MM-dd", berlin, "2021-06-05", "2018-11-04");
    texts("yyyy-MM-dd", "America/Sao_Paulo", "2018-11-04", "2018-11-03", "2018-02-18", "2018-02-17");
    texts("uuuu-MM-dd", "UTC", "2021-06-05", "0000-01-01", "-0001-01-01", "+10000-01-01", "10000-01-01", "021-01-01");
    texts("y-M-d", "UTC", "2021-6-5", "2021-06-05", "1-1-1", "-1-1-1", "+2021-6-5", "2021-006-5", "0-1-1");
    texts("yy-M-d", "UTC", "21-6-5", "99-1-1", "00-1-1", "1-1-1", "021-1-1");
    texts("yyy-M-d", "UTC", "021-6-5", "2021-6-5", "21-6-5");
    texts("yyyyMMdd", "UTC", "20210605", "2021065", "202106050", "120210605", "+120210605", "2021 0605");
    texts("yyyyMMddHHmmssSSS", "UTC", "20210605123456789", "2021060512345678", "202106051234567890");
    texts("yMMdd", "UTC", "20210605", "210605", "120210605", "0605");
    texts("HHmmss", "UTC", "123456", "12345", "1234567");
    texts("Hmmss", "UTC", "123456", "23456", "3456", "1123456");
    texts("SSSHH", "UTC", "12312", "1231");
    texts("yyyy", "UTC", "2021", "1969", "20211");
    texts("yyyy-MM", "UTC", "2021-06", "2021-6");
    texts("MM-dd", "UTC", "06-05", "02-29", "02-30", "12-31");
    texts("dd", "UTC", "31", "1", "32");
    texts("MM", "UTC", "12", "00");
    texts("yyyy-DDD", "UTC", "2021-001", "2021-365", "2021-366", "2020-366", "2021-000", "2021-60");
    texts("yyyy-D", "UTC", "2021-1", "2021-365", "2021-366", "2020-366", "2021-367");
    texts("DDD", "UTC", "001", "365", "366");
    texts("yyyy-MM-dd D", "UTC", "2021-02-01 32", "2021-02-01 33");
    texts("HH:mm", "UTC", "12:34", "24:00", "24:01", "23:60");
    texts("HH:mm", berlin, "12:34");
    texts("h:mm a", "UTC", "12:34 PM", "12:34 AM", "1:05 pm", "01:05 PM", "13:00 PM", "0:05 AM", "1:05 XM", "1:05PM");
    texts("hh:mm a", "UTC", "12:34 PM", "01:05 pm", "1:05 pm");
    texts("hh:mm", "UTC", "12:34", "01:05");
    texts("K:mm a", "UTC", "0:34 PM", "11:34 PM", "12:34 PM");
    texts("k:mm", "UTC", "24:34", "1:34", "0:34", "25:00");
    texts("a", "UTC", "PM", "AM");
    texts("a mm", "UTC", "PM 30", "AM 30");
    texts("yyyy-MM-dd a", "UTC", "2021-06-05 PM");
    texts("HH a", "UTC", "13 PM", "13 AM", "01 AM");
    texts("HH hh", "UTC", "13 01", "13 02");
    texts("yyyy-MM-dd a h", "UTC", "2021-06-05 PM 3");
    texts("d MMM yyyy", "UTC", "5 Jun 2021", "5 JUN 2021", "5 june 2021", "5 Juno 2021", "5 May 2021", "31 sep 2021");
    texts("d MMMM yyyy", "UTC", "5 June 2021", "5 JUNE 2021", "5 Jun 2021", "5 may 2021", "5 September 2021");
    texts("EEE, d MMM yyyy HH:mm:ss Z", "UTC", "Sat, 5 Jun 2021 12:34:56 +0200", "Sun, 5 Jun 2021 12:34:56 +0200",
        "sat, 5 jun 2021 12:34:56 -0000", "Sat, 5 Jun 2021 12:34:56 Z", "Sat, 5 Jun 2021 12:34:56 +02:00");
    texts("EEEE", "UTC", "Monday", "sunday", "Thursday", "Mon");
    texts("EEEE yyyy-MM-dd", "UTC", "Saturday 2021-06-05", "Friday 2021-06-05");
    texts("HH:mmxxx", "UTC", "12:34+02:00", "12:34+00:00", "12:34Z", "12:34-11:30");
    texts("HH:mmxx", "UTC", "12:34+0200", "12:34+0000", "12:34+02:00");
    texts("HH:mmx", "UTC", "12:34+02", "12:34+00", "12:34+0230", "12:34+0030");
    texts("HH:mmXXXXX", "UTC", "12:34+02:00", "12:34+02:00:30", "12:34Z", "12:34+02:00:60", "12:34+02:00:3");
    texts("HH:mmXXXX", "UTC", "12:34+0200", "12:34+020030");
    texts("HH:mmXX", "UTC", "12:34+0200", "12:34+02", "12:34Z");
    texts("HH:mmO", "UTC", "12:34GMT+2", "12:34GMT+02", "12:34GMT+2:30", "12:34GMT", "12:34GMT-11", "12:34UTC",
        "12:34gmt+2");
    texts("HH:mmOOOO", "UTC", "12:34GMT+02:00", "12:34GMT+2", "12:34GMT-02:30:15", "12:34GMT");
    texts("HH:mmZZZZ", "UTC", "12:34GMT+02:00", "12:34GMT");
    texts("HH:mmZZZZZ", "UTC", "12:34+02:00", "12:34Z");
    texts("yyyy-MM-dd HH:mm VV", "UTC", "2021-07-01 12:00 Europe/Berlin", "2021-07-01 12:00 +02:00",
        "2021-07-01 12:00 UTC", "2021-07-01 12:00 Z", "2021-07-01 12:00 UTC+2", "2021-07-01 12:00 Europe/Nowhere",
        "2021-07-01 12:00 GMT-03:30", "2021-07-01 12:00 +00:00", "2021-07-01 12:00 UTC+00:00", "2021-07-01 12:00 +0200",
        "2021-07-01 12:00 +02:00:30", "2021-07-01 12:00 Etc/GMT+3", "2021-07-01 12:00 UTC+02:00x",
        "2021-07-01 12:00 America/Argentina/Buenos_Aires");
    texts("yyyy-MM-dd HH:mmXXX'['VV']'", "UTC", "2021-10-31 02:30+01:00[Europe/Berlin]",
        "2021-10-31 02:30+02:00[Europe/Berlin]");
    texts("VV,xx", "UTC", "Europe/Berlin,+0200", "Europe/Berlin,+0100");
    texts("HH:mmZZZZ", "UTC", "12:34GMT+10:80", "12:34GMT+01:00:95", "12:34GMT+18:00", "12:34GMT+18:01");
    texts("HH:mmO", "UTC", "12:34GMT+91", "12:34GMT+9", "12:34GMT+", "12:34GMT+1:3");
    texts("yyyy-MM-dd K HH,s", "UTC", "2021-06-05 3 14,1", "2021-06-05 2 14,1");
    texts("yyyyMMdd[HHmm]X", "UTC", "20210605Z", "202106051234+02", "2021060512Z");
    texts("yyyy-MM-dd[ HH:mm[:ss]]", "UTC", "2021-06-05", "2021-06-05 12:34", "2021-06-05 12:34:56", "2021-06-05 12",
        "2021-06-05 12:34:");
    texts("yyyy-MM-dd[X", "UTC", "2021-06-05Z", "2021-06-05");
    texts("yyyy-MM-dd['T'][ ]HH:mm", "UTC", "2021-06-05T12:34", "2021-06-05 12:34", "2021-06-0512:34");
    texts("'it''s' yyyy ''", "UTC", "it's 2021 '", "IT'S 2021 '", "its 2021 '");
    texts("yyyy yyyy", "UTC", "2021 2021", "2021 2022");
    texts("uuuu yyyy", "UTC", "2021 2021", "2021 2022");
    texts("HH:mm:ss.SSSSSS", "UTC", "12:34:56.123456", "12:34:56.999999", "12:34:56.12345");
    texts("HH:mm:ss.S", "UTC", "12:34:56.1");
    texts("dd.MM.yyyy", "UTC", "05.06.2021", "5.6.2021", " 05.06.2021", "05.06.2021 ");
    texts("H m s", "UTC", "1 2 3", "001 02 03", "-1 2 3");

    long[] times = {0, 1616895000000L, 1616893199999L, 1635640200000L, 1635643800000L, 1622894400123L, -1,
        -62135596800000L,
        -62167219200001L, 253402300800000L, 951782400007L, -2208988800000L, -3786825600000L, 4118083200000L};
    String[] patterns = {"yyyy-MM-dd'T'HH:mm:ss.SSSX", "uuuu-MM-dd HH:mm:ss.SSSSSSXXXXX", "y-M-d H:m:s.S", "yy DDD D",
        "EEE, d MMM yyyy hh:mm a Z", "EEEE LLLL MMMMM EEEEE", "yyyyMMddHHmmssSSS", "KK kk h a", "xxx xx x XX XXX XXXX",
        "O OOOO ZZZZ ZZZZZ", "VV", "[yyyy]['x']", "'it''s' ''yyy", "SSSSSSSSS SS", "u", "uu", "yyyyy"};
    String[] zones = {"UTC", berlin, "America/New_York", "Asia/Kolkata", "-03:30", "Z", "UTC+2", "GMT"};
    for (String pattern : patterns) {
      for (long time : times) {
        for (int i = 0; i < 3; i++) {
          String zone = zones[(int) Math.floorMod(time / 1000 + i * 3L + pattern.length(), (long) zones.length)];
          line("kFormat", pattern, zone, Long.toString(time), format(pattern, zone, time));
        }
      }
    }
    for (String zone : new String[]{"+2", "-0230", "+02:00:30", "UT", "UT+1", "Etc/GMT+3", "US/Pacific", "CET", "utc",
        "UTC2", "+19", "+02:60", "Europe/", "", "GMT+24", "+1:30", "UTC+", "+", "Europe/Berlin "}) {
      line("kFormat", "VV XXX", zone, "1622894400123", format("VV XXX", zone, 1622894400123L));
    }
    for (String pattern : new String[]{"yyyy-MM-ddd", "HHH", "MMMMMM", "EEEEEE", "SSSSSSSSSS", "VVV", "OO", "XXXXXX",
        "'x",
        "]", "{", "#", "aa", "DDDD", "I", "yyyy-MM-dd]", "V", "ZZZZZZ"}) {
      line("kFormat", pattern, "UTC", "0", format(pattern, "UTC", 0));
    }
  }
}
