"""In a browser: onnxruntime-web in headless Chromium.

The variable SKNN_ONNXRUNTIME_WEB names the folder `dist` of the npm package onnxruntime-web.
"""

import json
import os
import shutil
import subprocess
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from sknn import CNNClassifier, TabularClassifier
from sknn.onnx import to_onnx
from tests.estimators.samples import DIGITS, IMAGES, TARGETS, X, classifier
from tests.onnx.answers import assert_same

onnx = pytest.importorskip("onnx", reason="onnx is absent")
pytest.importorskip("onnxruntime", reason="onnxruntime is absent")

RUNTIME = os.environ.get("SKNN_ONNXRUNTIME_WEB")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
if not RUNTIME:
    pytest.skip("SKNN_ONNXRUNTIME_WEB names no onnxruntime-web", allow_module_level=True)
if not CHROMIUM:
    pytest.skip("there is no Chromium", allow_module_level=True)

FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
SECONDS = 60
PAGE = """<script type="module">
import * as ort from "./ort.wasm.min.mjs";
ort.env.wasm.numThreads = 1;
const answer = (value) => fetch("/answer", { method: "POST", body: JSON.stringify(value) });
try {
  const session = await ort.InferenceSession.create("net.onnx");
  const feeds = {};
  for (const { name, type, data, shape } of await (await fetch("feeds.json")).json())
    feeds[name] = new ort.Tensor(type, type == "string" ? data : globalThis[
      { float32: "Float32Array", float64: "Float64Array", uint8: "Uint8Array" }[type]].from(data), shape);
  const { label, probabilities } = await session.run(feeds);
  await answer({ label: Array.from(label.data, String), p: Array.from(probabilities.data) });
} catch (error) { await answer(String(error)); }
</script>"""


def in_browser(folder, model, feeds):
    """(labels as strings, probabilities) of a model, as a page in Chromium computes them."""
    onnx.save(model, folder / "net.onnx")
    tensors = [
        {
            "name": name,
            "type": "string" if values.dtype == object else values.dtype.name,
            "data": values.ravel().tolist(),
            "shape": values.shape,
        }
        for name, values in feeds.items()
    ]
    (folder / "feeds.json").write_text(json.dumps(tensors))
    (folder / "index.html").write_text(PAGE)
    for name in FILES:
        shutil.copy(Path(RUNTIME) / name, folder)
    answer = answer_of_page(folder)
    assert isinstance(answer, dict), answer
    return np.array(answer["label"]), np.reshape(answer["p"], (len(answer["label"]), -1))


def answer_of_page(folder):
    """What the page in a folder posts."""
    answers, posted = [], threading.Event()

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=folder)

        def do_POST(self):
            answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            posted.set()

        def log_message(self, *args):
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu"]
        command += [
            f"--user-data-dir={folder / 'profile'}",
            f"http://127.0.0.1:{server.server_port}/",
        ]
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as browser:
            posted.wait(SECONDS)
            browser.terminate()
        server.shutdown()
    assert answers, f"the page did not answer in {SECONDS} s"
    return answers[0]


def test_networks(tmp_path):
    net = classifier().fit(X, TARGETS["strings"])
    X32 = X.astype(np.float32)
    labels, p = in_browser(tmp_path, to_onnx(net), {"X": X32})
    assert np.array_equal(labels, net.predict(X32))
    assert_same(p, net.predict_proba(X32))


def test_images_of_bytes(tmp_path):
    images = IMAGES.astype(np.uint8)[..., None]
    net = CNNClassifier(max_iter=1, random_state=0).fit(images, DIGITS)
    labels, p = in_browser(tmp_path, to_onnx(net, input_dtype="uint8"), {"X": images})
    assert np.array_equal(labels, net.predict(images).astype(str))
    assert_same(p, net.predict_proba(images))


def test_tabular_data(tmp_path):
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"age": rng.normal(40, 10, 200), "city": rng.choice([f"city {i}" for i in range(12)], 200)}
    )
    frame.loc[::7, "age"] = np.nan
    y = frame["age"].fillna(0) > 40
    net = TabularClassifier("fast", n_members=2, max_iter=2, random_state=0).fit(frame, y)
    known = frame.dropna()  # JSON has no NaN
    feeds = {"age": known[["age"]].to_numpy(), "city": known[["city"]].to_numpy(object)}
    _, p = in_browser(tmp_path, to_onnx(net), feeds)
    assert_same(p, net.predict_proba(known))
