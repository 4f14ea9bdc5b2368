"""Every uploader states its own limit: the server's is that of a backup."""

import ast

from aqfusion.settings import ROOT


def test_every_uploader_has_a_limit_of_its_own():
    files = [*(ROOT / "aqfusion" / "ui").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
    calls = [
        (file.name, {keyword.arg for keyword in node.keywords})
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "file_uploader"
    ]
    assert len(calls) > 5
    assert [name for name, keywords in calls if "max_upload_size" not in keywords] == []
