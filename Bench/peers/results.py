#!/usr/bin/env python3
"""Writes Bench/RESULTS.md from the JSON of `sfu-loadgen bench` and `sfu-loadgen scale`, and the plots beside it.

usage: results.py --plots FOLDER BENCH.json [SCALE.json] > Bench/RESULTS.md
Every number in the page comes from these files; the words in notes.md are the only part written by hand.
"""

import argparse
import json
import os
import subprocess
import sys

import paper
import plots

FLOOR, DEFAULT = "C floor", "Janus default"


def pick(report, scenario, arm):
    for row in report["rows"]:
        if row["arm"] == arm and row["scenario"].startswith(scenario):
            return row
    return None


def best_janus(report, scenario):
    rows = [row for row in report["rows"] if row["arm"].startswith("Janus") and row["scenario"].startswith(scenario)]
    return min(rows, key=lambda row: row["cpu_us_per_packet"], default=None)


def ratio(a, b):
    return None if a is None or b is None else a["cpu_us_per_packet"] / b["cpu_us_per_packet"]


def verdict(value, limit, below=True):
    if value is None:
        return "not measured"
    return "met" if (value <= limit if below else value >= limit) else "**not met**"


def show(value, digits=2, unit=""):
    return "-" if value is None else f"{value:,.{digits}f}{unit}"


def goals(report, scales):
    """The issue's list, with what this run says of each."""
    lines = ["## Goals", "", "| goal | limit | measured | |", "|---|---|---|---|"]

    def add(goal, limit, value, digits=2, unit="", below=True):
        sign = "<=" if below else ">="
        lines.append(f"| {goal} | {sign} {limit:,g}{unit} | {show(value, digits, unit)} | {verdict(value, limit, below)} |")

    fan, call = "1 to 31, 50,000", "8-party call, 50 audio + 100"
    relay = pick(report, fan, "relay")
    add("1 to 31 at 50,000/s: CPU per packet", 1.6, relay and relay["cpu_us_per_packet"], 2, " us")
    add("the same against the C floor", 1.3, ratio(relay, pick(report, fan, FLOOR)), 2, " x")
    add("the same against the best Janus", 0.2, ratio(relay, best_janus(report, fan)), 3, " x")
    relay, janus = pick(report, call, "relay"), best_janus(report, call)
    add("8-party call: against the best Janus", 0.333, ratio(relay, janus), 3, " x")
    add("8-party call: against Debian's default", 0.2, ratio(relay, pick(report, call, DEFAULT)), 3, " x")
    for name in ["latency_p50_us", "latency_p99_us"]:
        value = relay[name] / janus[name] if relay and janus and janus[name] else None
        add(f"8-party call: {name[8:11]} latency against the best Janus", 1, value, 2, " x")
    rows = [row for row in report["rows"] if row["arm"] == "relay" and row["scenario"].startswith("1 to 31, one shard")]
    # A shorter run does not try the rate of the goal: then what it reached says nothing of the limit.
    if not any("300,000" in row["scenario"] for row in rows):
        rows = []
    rows = [row for row in rows if row["loss_percent"] == 0 and row["valid"]]
    add("packets/s out of one shard without loss", 300_000 * 0.99, max(
        (row["packets_per_second"] for row in rows), default=None), 0, "/s", below=False)
    one = pick(report, "8 rooms of 1 to 15", "relay, one shard")
    add("two cores against one: capacity by CPU per packet", 1.8, one and 2 * one["times_relay"], 2, " x", below=False)
    sealed = report["sealed_joins"][0] if report["sealed_joins"] else None
    add("join with end-to-end keys, p50", 80, sealed and sealed["p50_ms"], 0, " ms")
    storm = next((row for row in report["storms"] if row["arm"] == "relay"), None)
    if storm:
        name = f"{storm['scenario']}: failed joins and packets lost in the calls"
        add(name, 0, storm["failures"] + storm["packets_lost"], 0)
    memory = next((row for row in report["memory"] if row["arm"] == "relay" and row["scenario"] == "1 to 100"), None)
    if memory and memory["bytes_per_member_with_media"]:
        add("memory per member (100 that receive)", 100, memory["bytes_per_member_with_media"] / 1024, 0, " KiB")
    call_idle = next((row for row in report["memory"] if row["arm"] == "relay" and row["scenario"] == "8-party call"), None)
    add("8-party room without media, CPU per second", 0.3, call_idle and call_idle["idle_ms_per_second"], 2, " ms")
    for scale in scales:
        for spread in scale["spreads"]:
            most, least = spread["most_us_per_packet"], spread["least_us_per_packet"]
            name = f"cost per packet over the numbers of {spread['over']} at {rate_of(scale)}/s, about the middle"
            add(name, 20, (most - least) / (most + least) * 100, 0, " %")
        # A soak of seconds, beside a table of sizes, says nothing of growth.
        for soak in (soak for soak in scale["soak"] if soak["seconds"] >= 60):
            add(f"memory growth in {soak['seconds']:.0f} s", 3, soak["growth_percent"], 2, " %")
    return lines + [""]


def measurements(report):
    lines = ["## Cost, latency and loss", "",
             "Medians of the pairs. CPU is the time of all threads of the server per packet that arrived; `x relay` the "
             "median of the pairs' ratios; latency runs from before the sender's encryption to the arrival in the "
             "receiver's socket, as the kernel noted it.", "",
             "| scenario | server | packets/s | us/packet | x relay | p50 us | p99 us | loss % | switches/packet | "
             "packets/send call | server CPU % | late p99 us | generator CPU % |",
             "|---|---|---|---|---|---|---|---|---|---|---|---|---|"]
    for row in report["rows"]:
        note = "" if row["valid"] else f" (not valid: {row['note']})"
        lines.append(
            f"| {row['scenario']}{note} | {row['arm']} | {show(row['packets_per_second'], 0)} | "
            f"**{show(row['cpu_us_per_packet'])}** | {show(row['times_relay'])} | {show(row['latency_p50_us'], 0)} | "
            f"{show(row['latency_p99_us'], 0)} | {show(row['loss_percent'], 3)} | "
            f"{show(row['context_switches_per_packet'])} | {show(row['datagrams_per_send_call'], 1)} | "
            f"{show(row['server_cpu_percent'], 0)} | {show(row['lateness_p99_us'], 0)} | "
            f"{show(row['loadgen_cpu_percent'], 0)} |")
    return lines + [""]


def memory(report):
    lines = ["## Memory and idle cost", "",
             "Growth of the process since before the first member came in (shared pages divided among their users), and "
             "its CPU time while nobody sends.", "",
             "| members in | server | KiB/member idle | KiB/member after media | idle ms/s | threads | SRTP |",
             "|---|---|---|---|---|---|---|"]
    for row in report["memory"]:
        idle, busy = ((value / 1024 if value else None) for value in (
            row["bytes_per_member_idle"], row["bytes_per_member_with_media"]))
        lines.append(
            f"| {row['scenario']} | {row['arm']} | {show(idle, 0)} | {show(busy, 0)} | "
            f"{show(row['idle_ms_per_second'])} | {row['threads']} | {row['srtp_profile']} |")
    return lines + [""]


def joins(report):
    lines = ["## Joins", "",
             "From the opening of the WebSocket to the first packet that was opened, into rooms where someone talks; two "
             "8-party calls are up beside them.", "",
             "| joins | server | came in | p50 ms | p95 ms | max ms | lost in the calls | server CPU % | late p99 us |",
             "|---|---|---|---|---|---|---|---|---|"]
    for row in report["storms"]:
        lines.append(
            f"| {row['scenario']} | {row['arm']} | {row['joins']} of {row['joins'] + row['failures']} | "
            f"{show(row['join_p50_ms'], 1)} | {show(row['join_p95_ms'], 1)} | {show(row['join_max_ms'], 1)} | "
            f"{row['packets_lost']} ({show(row['loss_percent'], 3)} %) | {show(row['server_cpu_percent'], 0)} | "
            f"{show(row['lateness_p99_us'], 0)} |")
    for row in report["sealed_joins"]:
        lines += ["", f"With end-to-end keys ({row['scenario']}), to the first decrypted frame: p50 {row['p50_ms']:.0f} ms, "
                  f"p95 {row['p95_ms']:.0f} ms."]
    return lines + [""]


def rate_of(scale):
    """What left the relay in a table of sizes, as its scenarios' names say it: `1 to 10, 20,000 packets/s out`."""
    return scale["rows"][0]["scenario"].split(", ", 1)[1].split(" ")[0]


def growth(scales):
    lines = ["## With the number of members and rooms", "",
             "The same number of packets in bursts of eight, whatever the size. The C floor has no reports, no checks and no "
             "signalling: what it pays for more members is the machine's price."]
    for scale in (scale for scale in scales if scale["rows"]):
        lines += sizes(scale)
    for scale, soak in ((scale, soak) for scale in scales for soak in scale["soak"]):
        first, last = soak["points"][0]["resident_bytes"] / 2**20, soak["points"][-1]["resident_bytes"] / 2**20
        lines += ["", f"{scale['date']}: two 8-party calls for {soak['seconds']:,.0f} s while members come and go beside them: "
                  f"{first:.1f} MiB after the first look, {last:.1f} MiB at the end; between the second and the last quarter "
                  f"{soak['growth_percent']:+.2f} %. Loss {soak['loss_percent']:.4f} %, {soak['cpu_us_per_packet']:.2f} us "
                  "per packet."]
    return lines + [""]


def sizes(scale):
    lines = ["", f"{rate_of(scale)} packets/s out, measured {scale['date']}:", "",
             "| members | packets/s | us/packet | C floor us/packet | p50 us | C floor p50 us | p99 us | loss % | late p99 us | "
             "KiB/member after media |", "|---|---|---|---|---|---|---|---|---|---|"]
    memories = {row["scenario"]: row for row in scale["memory"] if row["arm"] == "relay"}
    floors = {row["scenario"]: row for row in scale["rows"] if row["arm"] == FLOOR}
    for row in (row for row in scale["rows"] if row["arm"] == "relay"):
        name = row["scenario"].split(", ", 1)[0]
        used = (memories.get(name) or {}).get("bytes_per_member_with_media")
        floor = floors.get(row["scenario"]) or {}
        note = "" if row["valid"] else f" (not valid: {row['note']})"
        lines.append(
            f"| {name}{note} | {show(row['packets_per_second'], 0)} | {show(row['cpu_us_per_packet'])} | "
            f"{show(floor.get('cpu_us_per_packet'))} | {show(row['latency_p50_us'], 0)} | "
            f"{show(floor.get('latency_p50_us'), 0)} | {show(row['latency_p99_us'], 0)} | {show(row['loss_percent'], 3)} | "
            f"{show(row['lateness_p99_us'], 0)} | {show(used and used / 1024, 0)} |")
    return lines


def draw(report, folder):
    os.makedirs(folder, exist_ok=True)
    rows = report["rows"]
    wanted = [row for row in rows if row["scenario"].startswith((
        "8-party call", "1 to 31, 50,000", "1 to 7, 10,000", "1 to 100, 50,000", "50 rooms"))]
    names = []
    if wanted:
        plots.bars("CPU time per forwarded packet (us)", wanted, lambda row: row["cpu_us_per_packet"], "us",
                   f"{folder}/cost.svg")
        plots.bars("Latency, 99th percentile (us)", wanted, lambda row: row["latency_p99_us"], "us",
                   f"{folder}/latency.svg")
        names += ["cost", "latency"]
    series = {}
    for row in rows:
        if row["scenario"].startswith("1 to 31, ") and "shard" not in row["scenario"] and row["valid"]:
            # `1 to 31, 50,000 packets/s out`: what was asked for, which is the same for all servers.
            rate = int(row["scenario"].removeprefix("1 to 31, ").split(" ")[0].replace(",", ""))
            series.setdefault(row["arm"], []).append((rate, row["cpu_us_per_packet"]))
    if series and plots.curves("1 to 31: cost per packet by rate", series, "packets/s out", "us per packet",
                               f"{folder}/rate.svg"):
        names.append("rate")
    return names


def commit():
    try:
        found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        return f", commit {found.stdout.strip()}"
    except (OSError, subprocess.CalledProcessError):
        return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plots", required=True, help="folder for the pictures, in the folder of the page")
    parser.add_argument("bench")
    parser.add_argument("scale", nargs="*", help="reports of `scale`, of one rate or several")
    arguments = parser.parse_args()
    with open(arguments.bench, encoding="utf-8") as file:
        report = json.load(file)
    scales = []
    for name in arguments.scale:
        with open(name, encoding="utf-8") as file:
            scales.append(json.load(file))
    machine = report["machine"]
    lines = [
        "# Results", "",
        f"{report['date']}{commit()}. {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['memory_bytes'] / 2**30:.0f} GiB, Linux {machine['kernel']}; load average before the run "
        f"{machine['load_average_before']}. Servers and load generator share the machine and speak over 127.0.0.1.", "",
        "This page is written by `make bench-peers` (`Bench/peers/results.py`). Its commands:", "", "```"]
    lines += [f"sfu-loadgen {item['command']}" for item in [report, *scales]]
    lines += ["```", "", "Servers:", ""]
    lines += [f"- {name}: {what}" for name, what in sorted(report["arms"].items())] + [""]
    if report["quick"]:
        lines += ["This was a quick run: fewer scenarios, fewer pairs.", ""]
    lines += goals(report, scales)
    for name in draw(report, arguments.plots):
        lines += [f"![{name}](plots/{name}.svg)", ""]
    lines += measurements(report) + memory(report)
    if report["storms"]:
        lines += joins(report)
    if scales:
        lines += growth(scales)
    lines += paper.text(report)
    for item in [report, *scales]:
        for failure in item.get("failures", []):
            lines += [f"Failed in this run: {failure}", ""]
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "notes.md"), encoding="utf-8") as file:
        lines += [file.read().rstrip()]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
