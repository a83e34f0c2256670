"""Writes reference values of torchvision's and timm's networks, which the tests of the zoo and of the ONNX importer compare with.

    OUT=/some/folder python3 tests/reference/torchvision_reference.py

needs torch, torchvision, timm, onnx and onnxscript, no network and no weights: every parameter is filled by a formula that
tests/VizPipeline.Tests/Network/ReferenceFormula.cs repeats bit for bit (see `uniform` and `values`). Into $OUT go

    reference.json   logits and some inner values of torchvision's networks, computed in float64
    shapes.json      names and shapes of the state dict of every network of the zoo, and what torchvision says of its weights
    onnx.zip         networks exported to ONNX without their weights, and exports.json, which says how to fill these in
    log.txt          what failed
"""

import concurrent.futures
import hashlib
import json
import math
import multiprocessing
import os
import sys
import time
import traceback
import warnings
import zipfile

import numpy as np

START = time.monotonic()
SECONDS = 105.0
KEEP_UP_TO = 64

# Name, input size; small sizes that every stage of the network still accepts.
FORWARD = [
    ("alexnet", 127), ("squeezenet1_0", 95), ("squeezenet1_1", 127), ("vgg11_bn", 64), ("resnet18", 97), ("resnet50", 112),
    ("resnext50_32x4d", 97), ("wide_resnet50_2", 64), ("googlenet", 112), ("inception_v3", 171), ("densenet121", 97), ("mobilenet_v2", 112),
    ("mobilenet_v3_small", 97), ("mobilenet_v3_large", 112), ("efficientnet_b0", 112), ("efficientnet_b5", 65), ("efficientnet_v2_s", 96),
    ("shufflenet_v2_x0_5", 97), ("shufflenet_v2_x1_0", 112), ("regnet_y_400mf", 97), ("regnet_x_400mf", 112), ("convnext_tiny", 112),
    ("mnasnet0_5", 97), ("mnasnet1_0", 64),
]

ZOO = [
    "alexnet", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn", "squeezenet1_0", "squeezenet1_1",
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d",
    "wide_resnet50_2", "wide_resnet101_2", "googlenet", "inception_v3", "densenet121", "densenet161", "densenet169", "densenet201",
    "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large", "efficientnet_b0", "efficientnet_b1", "efficientnet_b2", "efficientnet_b3",
    "efficientnet_b4", "efficientnet_b5", "efficientnet_b6", "efficientnet_b7", "efficientnet_v2_s", "efficientnet_v2_m", "efficientnet_v2_l",
    "shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0", "mnasnet0_5", "mnasnet0_75", "mnasnet1_0",
    "mnasnet1_3", "convnext_tiny", "convnext_small", "convnext_base", "convnext_large",
] + [f"regnet_{kind}_{size}" for kind in "xy" for size in ("400mf", "800mf", "1_6gf", "3_2gf", "8gf", "16gf", "32gf")] + ["regnet_y_128gf"]

# Library, name, input size, exporter: `script` is the older, TorchScript-based one; `script-batch` the same with a free batch size.
EXPORTS = [
    ("torchvision", "mobilenet_v3_small", 97, "script-batch"), ("torchvision", "mobilenet_v3_small", 97, "dynamo"),
    ("torchvision", "shufflenet_v2_x0_5", 97, "script-batch"), ("torchvision", "shufflenet_v2_x0_5", 97, "dynamo"),
    ("torchvision", "convnext_tiny", 64, "script"), ("torchvision", "convnext_tiny", 64, "dynamo"),
    ("torchvision", "efficientnet_b0", 97, "script"), ("torchvision", "efficientnet_b0", 97, "dynamo"),
    ("torchvision", "regnet_y_400mf", 97, "script"), ("torchvision", "regnet_y_400mf", 97, "dynamo"),
    ("torchvision", "densenet121", 97, "script"), ("torchvision", "densenet121", 97, "dynamo"),
    ("timm", "mobilenetv3_small_050", 97, "script"), ("timm", "mobilenetv3_small_050", 97, "dynamo"),
    ("timm", "efficientnet_lite0", 97, "script"), ("timm", "resnet10t", 97, "script-batch"),
    ("timm", "convnext_atto", 96, "script"), ("timm", "convnext_atto", 96, "dynamo"),
    ("timm", "regnety_002", 97, "script"), ("timm", "repvgg_a0", 97, "script"), ("timm", "ghostnet_050", 97, "script"),
    ("timm", "ghostnet_050", 97, "dynamo"), ("timm", "ese_vovnet19b_dw", 97, "script"), ("timm", "rexnet_100", 97, "script"),
    ("timm", "rexnet_100", 97, "dynamo"), ("timm", "hardcorenas_a", 97, "script"), ("timm", "tf_efficientnet_b0", 97, "script"),
    ("timm", "tf_efficientnet_b0", 97, "dynamo"), ("timm", "dm_nfnet_f0", 64, "script"), ("timm", "eca_nfnet_l0", 64, "script"),
    ("timm", "mixnet_s", 97, "script"), ("timm", "res2net50_26w_4s", 97, "script"), ("timm", "lcnet_050", 97, "script"),
    ("timm", "mobileone_s0", 97, "script"), ("timm", "resnetv2_50", 97, "script"), ("timm", "resnest14d", 97, "script"),
    ("timm", "skresnet18", 97, "script"), ("timm", "dpn48b", 97, "script"), ("timm", "selecsls42b", 97, "script"),
    ("timm", "semnasnet_050", 97, "script"), ("timm", "edgenext_xx_small", 96, "script"), ("timm", "inception_next_tiny", 64, "script"),
    ("timm", "xception41", 97, "script"), ("timm", "inception_v4", 139, "script"), ("timm", "darknet53", 97, "script"),
]


def uniform(name, count):
    """`count` float32 numbers in [-1, 1): SplitMix64 from the FNV-1a hash of the name, its upper 24 bits; exact in float32."""
    seed = 0xCBF29CE484222325
    for byte in name.encode("utf-8"):
        seed = ((seed ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    with np.errstate(over="ignore"):
        z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 8388608.0 - 1.0


def values(name, shape, kind, fan_in):
    """The parameter's float32 values, computed in float64 and rounded once."""
    u = uniform(name, math.prod(shape))
    if kind == "weight":
        u = math.sqrt(6.0 / fan_in) * u
    elif kind == "scale":
        u = 1.0 + 0.2 * u
    else:
        u = 0.1 * u
    return u.astype(np.float32).reshape(shape)


def kind_of(name, shape):
    """Kind and fan-in of a parameter or buffer of a state dict."""
    fan_in = math.prod(shape[1:])
    if name.endswith(("bias", "beta", "running_mean")):
        return "shift", 1
    return ("weight", fan_in) if fan_in > 1 else ("scale", 1)


def picture(size):
    """[1, 3, size, size]: squares of 16 pixels, and noise on them."""
    blocks = -(-size // 16)
    coarse = uniform("input.blocks", 3 * blocks * blocks).reshape(3, blocks, blocks)
    coarse = coarse.repeat(16, axis=1).repeat(16, axis=2)[:, :size, :size]
    return (1.5 * coarse + 0.5 * uniform("input.pixels", 3 * size * size).reshape(3, size, size)).astype(np.float32)[None]


def fill(model):
    import torch
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                kind, fan_in = kind_of(name, tuple(tensor.shape))
                tensor.copy_(torch.from_numpy(values(name, tuple(tensor.shape), kind, fan_in)))
    return model


def torchvision_model(name):
    import torchvision
    options = {"weights": None}
    if name in ("googlenet", "inception_v3"):
        options |= {"transform_input": True, "init_weights": False}
    return torchvision.models.get_model(name, **options).eval()


def timm_model(name):
    import timm
    return timm.create_model(name, pretrained=False, exportable=True).eval()


def numbers(array):
    return [float(f"{value:.9g}") for value in np.asarray(array, dtype=np.float64).reshape(-1)]


def summary(logits):
    flat = np.asarray(logits, dtype=np.float64).reshape(-1)
    return {"count": flat.size, "first": numbers(flat[:20]), "sum": numbers(flat.sum())[0], "squares": numbers((flat * flat).sum())[0]}


def forward(name, size):
    import torch
    model = fill(torchvision_model(name)).double()
    seen = []

    def look(module_name):
        def hook(_module, _inputs, output):
            value = output.detach().numpy()
            seen.append({"name": module_name, "shape": list(value.shape), "mean": numbers(value.mean())[0], "max": numbers(value.max())[0],
                         "deviation": numbers(value.std())[0], "first": numbers(value.reshape(-1)[:5])})
        return hook

    for module_name, module in model.named_modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.BatchNorm2d)):
            module.register_forward_hook(look(module_name))
    with torch.no_grad():
        logits = model(torch.from_numpy(picture(size)).double()).numpy()
    chosen = sorted({round(i * (len(seen) - 1) / 6) for i in range(7)})
    return {"name": name, "size": size, "logits": summary(logits), "modules": [seen[i] for i in chosen]}


def listing(name):
    import torch
    import torchvision
    with torch.device("meta"):
        model = torchvision_model(name)
    entry = {"name": name, "parameters": sum(p.numel() for p in model.parameters()),
             "state": [[key, *tensor.shape] for key, tensor in model.state_dict().items()]}
    weights = []
    for item in torchvision.models.get_model_weights(name):
        transforms = item.transforms()
        weights.append({
            "name": item.name, "url": item.url, "parameters": item.meta.get("num_params"), "recipe": item.meta.get("recipe"),
            "licence": item.meta.get("license"), "crop": list(transforms.crop_size), "resize": list(transforms.resize_size),
            "mean": list(transforms.mean), "std": list(transforms.std), "interpolation": str(transforms.interpolation),
            "min_size": list(item.meta["min_size"]) if "min_size" in item.meta else None,
            "is_default": item.name == torchvision.models.get_model_weights(name).DEFAULT.name})
    entry["weights"] = weights
    return entry


def initializer_kind(model, name, dims):
    """How an initializer is used: its kind and fan-in, or None where that is not one of the usual ways."""
    for node in model.graph.node:
        if name not in node.input:
            continue
        at = list(node.input).index(name)
        if node.op_type == "BatchNormalization":
            return [("scale", 1), ("shift", 1), ("shift", 1), ("scale", 1)][at - 1]
        if node.op_type in ("LayerNormalization", "InstanceNormalization", "GroupNormalization"):
            return ("scale", 1) if at == 1 else ("shift", 1)
        if node.op_type == "Conv":
            return ("weight", math.prod(dims[1:])) if at == 1 else ("shift", 1)
        if node.op_type == "Gemm":
            turned = any(a.name == "transB" and a.i == 1 for a in node.attribute)
            return ("weight", dims[1] if turned else dims[0]) if at == 1 else ("shift", 1)
        if node.op_type == "MatMul" and len(dims) == 2:
            return "weight", dims[0]
        if node.op_type == "Transpose" and len(dims) == 2:
            return "weight", dims[1]
        if node.op_type == "Add" and max(dims) == math.prod(dims):
            return "shift", 1
        if node.op_type in ("Mul", "PRelu") and max(dims) == math.prod(dims):
            return "scale", 1
        return None
    return None


def strip(model, state):
    """Takes the large initializers' data out of the file; returns how to make them, and whether that gives the model's own values."""
    import onnx
    entries, offset, same = [], 0, True
    for tensor in model.graph.initializer:
        dims, count = list(tensor.dims), math.prod(tensor.dims)
        if tensor.data_type != onnx.TensorProto.FLOAT:
            continue
        is_own = tensor.name in state and list(state[tensor.name].shape) == dims
        if count > 1:
            same = same and is_own
        if count <= KEEP_UP_TO:
            continue
        kind = initializer_kind(model, tensor.name, dims)
        if kind is None:
            if count > 4096:
                raise ValueError(f"initializer {tensor.name} {dims} is used in no usual way")
            continue
        same = same and is_own and kind == kind_of(tensor.name, tuple(dims))
        length = 4 * count
        for field in ("raw_data", "float_data"):
            tensor.ClearField(field)
        tensor.data_location = onnx.TensorProto.EXTERNAL
        del tensor.external_data[:]
        for key, value in (("location", "weights.bin"), ("offset", offset), ("length", length)):
            entry = tensor.external_data.add()
            entry.key, entry.value = key, str(value)
        entries.append([tensor.name, kind[0], kind[1], offset, count])
        offset += length
    # What the exporters say of the machine and of the source lines is of no use to the tests.
    model.doc_string = ""
    del model.metadata_props[:]
    graphs = [model.graph] + list(model.functions)
    for graph in graphs:
        graph.doc_string = ""
        if hasattr(graph, "metadata_props"):
            del graph.metadata_props[:]
        for item in list(graph.node) + list(getattr(graph, "value_info", [])):
            item.doc_string = ""
            if hasattr(item, "metadata_props"):
                del item.metadata_props[:]
    for item in list(model.graph.input) + list(model.graph.output) + list(model.graph.initializer):
        item.doc_string = ""
        if hasattr(item, "metadata_props"):
            del item.metadata_props[:]
    return entries, offset, same


def export(job):
    """Runs in a process of its own; returns the JSON entry and the file's bytes."""
    import tempfile
    library, name, size, exporter = job
    warnings.simplefilter("ignore")
    import logging
    logging.disable(logging.WARNING)
    import onnx
    import torch
    torch.set_num_threads(2)
    model = fill(torchvision_model(name) if library == "torchvision" else timm_model(name))
    image = torch.from_numpy(picture(size))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        options = {"input_names": ["input"], "output_names": ["logits"]}
        if exporter == "dynamo":
            torch.onnx.export(model, (image,), path, dynamo=True, external_data=False, verbose=False, **options)
        else:
            if exporter == "script-batch":
                options["dynamic_axes"] = {"input": {0: "batch"}, "logits": {0: "batch"}}
            torch.onnx.export(model, (image,), path, dynamo=False, opset_version=17, **options)
        exported = onnx.load(path)
    state = {key: tensor for key, tensor in model.state_dict().items()}
    entries, length, same = strip(exported, state)
    operators = sorted({node.op_type for node in exported.graph.node})
    result = {"file": f"{library}-{name}-{exporter}.onnx", "library": library, "model": name, "exporter": exporter, "size": size,
              "opset": exported.opset_import[0].version, "operators": operators, "weights_bytes": length, "initializers": entries}
    content = exported.SerializeToString()
    if same:
        with torch.no_grad():
            result["logits"] = summary(model.double()(image.double()).numpy())
    try:
        result["onnxruntime"] = summary(run(exported, {name: values(name, (count,), kind, fan_in) for name, kind, fan_in, _, count in entries}, size))
    except ImportError:
        pass
    return result, content


def run(model, filled, size):
    """The logits by ONNX Runtime, where there is one."""
    import onnxruntime
    for tensor in model.graph.initializer:
        if tensor.name in filled:
            tensor.data_location = 0
            del tensor.external_data[:]
            tensor.raw_data = filled[tensor.name].tobytes()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, {"input": picture(size)})[0]


def main():
    out = os.environ["OUT"]
    log = open(os.path.join(out, "log.txt"), "w", encoding="utf-8")

    def note(text):
        line = f"{time.monotonic() - START:6.1f} s  {text}"
        print(line, file=log, flush=True)
        print(line, flush=True)

    def left():
        return SECONDS - (time.monotonic() - START)

    pool = concurrent.futures.ProcessPoolExecutor(max_workers=10, mp_context=multiprocessing.get_context("spawn"))
    jobs = {pool.submit(export, job): job for job in EXPORTS}

    import torch
    import torchvision
    torch.set_num_threads(6)
    note(f"python {sys.version.split()[0]}, torch {torch.__version__}, torchvision {torchvision.__version__}")
    versions = {"torch": torch.__version__, "torchvision": torchvision.__version__}
    for module in ("timm", "onnx", "onnxscript"):
        try:
            versions[module] = __import__(module).__version__
        except Exception as failure:
            note(f"no {module}: {failure!r}")

    def save(name, content):
        with open(os.path.join(out, name), "w", encoding="utf-8") as file:
            json.dump(content, file, separators=(",", ":"))

    check = [float(v) for v in uniform("check", 4)]
    digest = hashlib.sha256(values("check", (1000,), "weight", 7).tobytes()).hexdigest()
    listings = []
    for name in ZOO:
        try:
            listings.append(listing(name))
        except Exception:
            note(f"listing {name} failed\n{traceback.format_exc(limit=3)}")
    save("shapes.json", {"versions": versions, "models": listings})
    note(f"{len(listings)} of {len(ZOO)} listings")

    models = []
    for name, size in FORWARD:
        if left() < 20:
            note(f"no time for {name}")
            continue
        try:
            began = time.monotonic()
            models.append(forward(name, size))
            note(f"{name}: {time.monotonic() - began:.1f} s, deviation per module " + " ".join(f"{m['deviation']:.3g}" for m in models[-1]["modules"]))
        except Exception:
            note(f"forward {name} failed\n{traceback.format_exc(limit=3)}")
        save("reference.json", {"versions": versions, "uniform(check)": check, "sha256(check)": digest, "models": models})

    exports = []
    with zipfile.ZipFile(os.path.join(out, "onnx.zip"), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        try:
            for future in concurrent.futures.as_completed(jobs, timeout=max(1.0, left())):
                job = jobs.pop(future)
                try:
                    entry, content = future.result()
                    archive.writestr(entry["file"], content)
                    exports.append(entry)
                    note(f"export {' '.join(map(str, job))}: {len(content)} bytes, {len(entry['initializers'])} initializers, logits {'logits' in entry} {'onnxruntime' in entry}")
                except Exception as failure:
                    note(f"export {' '.join(map(str, job))} failed: {type(failure).__name__}: {str(failure)[:600]}")
        except concurrent.futures.TimeoutError:
            note("no time for " + "; ".join(" ".join(map(str, job)) for job in jobs.values()))
        archive.writestr("exports.json", json.dumps({"versions": versions, "exports": exports}, separators=(",", ":")))
    note("done")
    log.close()
    for process in list(getattr(pool, "_processes", {}).values()):
        process.terminate()
    os._exit(0)


if __name__ == "__main__":
    main()
