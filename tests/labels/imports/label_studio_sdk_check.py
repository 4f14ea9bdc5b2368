"""Runs in a Python of its own, with label-studio-sdk: what Label Studio thinks of an export.

Prints one JSON object: the faults that `LabelInterface` finds in the labelling interface and the
tasks, as many sample annotations as asked for, and the tasks as its own converter's JSON-MIN.
"""

import json
import sys
from pathlib import Path

from label_studio_sdk.converter import Converter
from label_studio_sdk.label_interface import LabelInterface

folder, samples = Path(sys.argv[1]), int(sys.argv[2])
config = (folder / "labelling.xml").read_text(encoding="utf-8")
tasks = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))
interface = LabelInterface(config)
interface.validate()  # raises
faults = [
    task["id"]
    for task in tasks
    if not interface.validate_task({"id": task["id"], "data": task["data"]})
]
faults += [
    [task["id"], annotation["id"]]
    for task in tasks
    for annotation in task["annotations"]
    if not interface.validate_annotation(annotation)
]
annotations = [interface.generate_sample_annotation() for _ in range(samples)]
faults += ["sample" for annotation in annotations if not interface.validate_annotation(annotation)]
for number, (task, annotation) in enumerate(zip(tasks, annotations, strict=False)):
    filled = {"id": 900_000 + number, "completed_by": 3, "created_at": "2026-11-02T10:00:00Z"}
    task["annotations"].append({**annotation, **filled, "updated_at": filled["created_at"]})
for task in tasks:
    for annotation in task["annotations"]:
        annotation.setdefault("completed_by", 1)
        annotation.setdefault("updated_at", annotation["created_at"])
        annotation.setdefault("lead_time", 1.0)
(folder / "full.json").write_text(json.dumps(tasks))
Converter(config, project_dir=None).convert_to_json_min(
    str(folder / "full.json"), str(folder / "min"), is_dir=False
)
sys.stdout.write(json.dumps({"faults": faults, "samples": annotations}) + "\n")
