"""Scale on paper: what the measured costs come to on one core and one network card, with every assumption named."""

# Of a core and of a card that may be in use: the rest is for peaks and for everything that is not forwarding.
USABLE = 0.7
CARD_BITS = 10e9
# Ethernet with preamble and gap, IPv4 and UDP, for each datagram.
WIRE_OVERHEAD = 38 + 20 + 8

# Members, others that each one hears and sees, packets a second of one voice and one picture, and the measurement whose
# cost per packet comes nearest.
CALLS = [
    ("8 people, everyone hears and sees everyone", 8, 7, 7, "8-party call, 50 audio"),
    ("50 people, each hears 4 and sees 16", 50, 4, 16, "1 to 31, 50,000"),
    ("500 people, each hears 4 and sees 16", 500, 4, 16, "1 to 100, 50,000"),
]
VOICE, PICTURE = (50, 150), (100, 1216)  # packets a second, bytes of UDP payload


def find(report, name):
    for row in report["rows"]:
        if row["arm"] == "relay" and row["scenario"].startswith(name):
            return row
    return None


def table(report):
    lines = [
        "| call | packets/s to each member | cost taken from | us/packet | members on one core | calls on one core | "
        "members on a 10 Gbit/s card |", "|---|---|---|---|---|---|---|"]
    for title, size, voices, pictures, source in CALLS:
        row = find(report, source)
        if row is None:
            lines.append(f"| {title} | | {source}: not in this run | | | | |")
            continue
        rate = voices * VOICE[0] + pictures * PICTURE[0]
        bits = 8 * (voices * VOICE[0] * (VOICE[1] + WIRE_OVERHEAD) + pictures * PICTURE[0] * (PICTURE[1] + WIRE_OVERHEAD))
        members = USABLE * 1e6 / row["cpu_us_per_packet"] / rate
        lines.append(
            f"| {title} | {rate:,} | {row['scenario']} | {row['cpu_us_per_packet']:.2f} | {members:,.0f} | "
            f"{members / size:,.1f} | {USABLE * CARD_BITS / bits:,.0f} |")
    return lines


def text(report):
    return [
        "## Scale on paper", "",
        f"Assumptions: {USABLE:.0%} of a core and of a card are used; a voice is {VOICE[0]} packets/s of {VOICE[1]} bytes, "
        f"a picture (360p) {PICTURE[0]} packets/s of {PICTURE[1]} bytes; each datagram takes {WIRE_OVERHEAD} bytes more on "
        "the wire; cores add up, since rooms are spread over shards that share nothing; a card's driver costs what the "
        "receiving half of loopback costs here, which was not measured; what members send is in the cost per packet.", "",
        *table(report), ""]
