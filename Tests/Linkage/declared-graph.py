"""Reads `swift package describe --type json` and fails when a target reaches a forbidden one."""
import json
import sys

root, forbidden_file = sys.argv[1:]
targets = {
    target["name"]: target.get("target_dependencies", []) + target.get("product_dependencies", [])
    for target in json.load(sys.stdin)["targets"]
}
with open(forbidden_file) as lines:
    forbidden = {line.strip() for line in lines if line.strip()}
if root not in targets:
    sys.exit(f"no target {root}")

reached, open_targets = set(), [root]
while open_targets:
    for dependency in targets.get(open_targets.pop(), []):
        if dependency not in reached:
            reached.add(dependency)
            open_targets.append(dependency)
if found := sorted(reached & forbidden):
    sys.exit(f"{root} reaches {', '.join(found)}")
if len(reached) < 10:
    sys.exit(f"{root} reaches only {len(reached)} targets: the description is not what this check expects")
