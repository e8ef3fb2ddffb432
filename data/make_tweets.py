#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes data/tweets.json.gz: invented tweets in the shape of Twitter's public API v1.1, one a line.

The same seed gives the same file. Users, texts and ids are made up; none of them is or was on Twitter.
Usage: data/make_tweets.py [--seed N] [--tweets N] [--minutes N] [--output FILE]
"""

import argparse
import datetime
import gzip
import json
import pathlib
import random

START = datetime.datetime(2018, 10, 10, 20, 0, 0, tzinfo=datetime.timezone.utc)

# Language: share, sentences.
LANGUAGES = {
    "en": (48, ["Coffee first, then {}", "Anyone else watching {} tonight?", "I cannot believe what happened with {}",
                "Great talk about {}", "{} again... who knew", "Today I learned something about {}"]),
    "es": (17, ["Hoy hablamos de {}", "No me pierdo {} por nada", "¿Qué opináis de {}?", "Mañana más sobre {}"]),
    "ja": (13, ["今日は{}について", "{}が楽しみです", "また{}か…"]),
    "pt": (8, ["Alguém mais vendo {}?", "Não acredito em {}", "Amanhã tem {} de novo"]),
    "de": (6, ["Schöner Abend mit {}", "Wer hört noch {}?", "Über {} könnte ich stundenlang reden"]),
    "ar": (4, ["نتحدث اليوم عن {}", "ما رأيكم في {}؟"]),
    "fr": (3, ["Ce soir c'est {}", "Déjà demain : {} !"]),
    "und": (1, ["{} 😀", "{} 🎉🎉"]),
}
HASHTAGS = ["Monday", "music", "football", "weather", "Kafka", "cpp", "news", "travel", "coffee", "space", "cooking",
            "art", "movies", "books", "running", "garden", "photography", "science", "history", "cats", "dogs",
            "música", "fútbol", "東京", "猫", "Köln", "Straße", "أخبار", "café", "TBT"]
# Spelt in several ways, as people do.
SPELLINGS = (str, str.lower, str.upper)
SOURCES = ["Web Client", "App for Android", "App for iPhone"]
SYLLABLES = ["ba", "ko", "ri", "lu", "me", "ta", "no", "vi", "sa", "du", "pe", "go"]


def invented_users(rng, count):
    users = []
    for number in range(count):
        name = "".join(rng.choices(SYLLABLES, k=3))
        users.append({"id_str": str(900_000_000 + number), "screen_name": f"{name}_{number}",
                      "name": name.capitalize(), "followers_count": int(rng.paretovariate(1.0) * 20)})
    return users


def tweet(rng, number, users, moment, popular):
    lang = rng.choices(list(LANGUAGES), [share for share, _ in LANGUAGES.values()])[0]
    tags = []
    for _ in range(rng.choices([0, 1, 2, 3], [30, 45, 18, 7])[0]):
        # Each few minutes have a hashtag of their own that many use.
        tag = popular if rng.random() < 0.35 else HASHTAGS[min(int(rng.paretovariate(0.7)) - 1, len(HASHTAGS) - 1)]
        tags.append(rng.choice(SPELLINGS)(tag))
    text = rng.choice(LANGUAGES[lang][1]).format(" ".join("#" + tag for tag in tags) or "…")
    hashtags, at = [], 0
    for tag in tags:
        begin = text.index("#" + tag, at)
        at = begin + len(tag) + 1
        hashtags.append({"text": tag, "indices": [begin, at]})
    ident = 1_050_000_000_000_000_000 + number * 4_194_304 + rng.randrange(4096)
    return {"created_at": moment.strftime("%a %b %d %H:%M:%S +0000 %Y"), "id": ident, "id_str": str(ident),
            "text": text, "source": rng.choice(SOURCES), "truncated": False, "user": rng.choice(users),
            "retweet_count": 0, "favorite_count": 0, "entities": {"hashtags": hashtags, "urls": [], "user_mentions": []},
            "lang": lang}


def main():
    root = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--tweets", type=int, default=5000)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--output", default=str(root / "tweets.json.gz"))
    options = parser.parse_args()

    rng = random.Random(options.seed)
    users = invented_users(rng, 800)
    seconds = sorted(rng.uniform(0, options.minutes * 60) for _ in range(options.tweets))
    lines = []
    for number, second in enumerate(seconds):
        popular = HASHTAGS[int(second // 300) * 7 % len(HASHTAGS)]
        moment = START + datetime.timedelta(seconds=second)
        lines.append(json.dumps(tweet(rng, number, users, moment, popular), ensure_ascii=False, separators=(",", ":")))
    with open(options.output, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as out:
        out.write(("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
