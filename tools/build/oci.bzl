"""Reproducible OCI images, and images.lock: what the attestation policy knows of them."""

# Tools run in the target's configuration: builds are native, and the exec configuration would
# compile the Go standard library and every dependency of the tools a second time.
_TOOL_CFG = "target"

ImageInfo = provider(
    doc = "One image.",
    fields = {
        "image": "name in images.lock",
        "layout": "File: OCI image layout as one tar",
        "lock": "File: the image's fragment of images.lock",
    },
)

def _single(target):
    files = target.files.to_list()
    if len(files) != 1:
        fail("%s is %d files, want one" % (target.label, len(files)))
    return files[0]

def _oci_image_impl(ctx):
    layout = ctx.actions.declare_file(ctx.label.name + ".tar")
    lock = ctx.actions.declare_file(ctx.label.name + ".lock.json")
    args = ctx.actions.args()
    args.add("-name", ctx.attr.image)
    args.add("-out", layout)
    args.add("-lock", lock)
    args.add("-user", ctx.attr.user)
    args.add_all(ctx.attr.entrypoint, before_each = "-entrypoint")
    args.add_all(ctx.attr.dirs, before_each = "-dir")
    args.add_all(["%s=%s" % (k, v) for k, v in sorted(ctx.attr.env.items())], before_each = "-env")
    inputs = []
    for flag, files in [("-program", ctx.attr.programs), ("-data", ctx.attr.data)]:
        for target, dst in files.items():
            src = _single(target)
            inputs.append(src)
            args.add(flag, "%s=%s" % (dst, src.path))
    ctx.actions.run(
        executable = ctx.executable._tool,
        arguments = [args],
        inputs = inputs,
        outputs = [layout, lock],
        mnemonic = "OciImage",
        progress_message = "Image %{label}",
    )
    return [
        DefaultInfo(files = depset([layout])),
        ImageInfo(image = ctx.attr.image, layout = layout, lock = lock),
    ]

oci_image = rule(
    doc = "An image of one layer, whose digest depends on the names and contents of its files alone.",
    implementation = _oci_image_impl,
    attrs = {
        "image": attr.string(mandatory = True, doc = "name in images.lock"),
        "programs": attr.label_keyed_string_dict(allow_files = True, doc = "file to its path in the image, executable"),
        "data": attr.label_keyed_string_dict(allow_files = True, doc = "file to its path in the image, readable"),
        "dirs": attr.string_list(doc = "empty folders, such as mount points"),
        "entrypoint": attr.string_list(mandatory = True),
        "env": attr.string_dict(),
        "user": attr.string(mandatory = True, doc = "uid:gid"),
        "_tool": attr.label(default = "//tools/build/ociimage", executable = True, cfg = _TOOL_CFG),
    },
)

def _image_lock_impl(ctx):
    out = ctx.actions.declare_file("images.lock")
    args = ctx.actions.args()
    args.add("-out", out)
    inputs = []
    for image in ctx.attr.images:
        args.add("-image", image[ImageInfo].lock)
        inputs.append(image[ImageInfo].lock)
    for target, name in ctx.attr.binaries.items():
        src = _single(target)
        args.add("-binary", "%s=%s" % (name, src.path))
        inputs.append(src)
    ctx.actions.run(
        executable = ctx.executable._tool,
        arguments = [args],
        inputs = inputs,
        outputs = [out],
        mnemonic = "ImageLock",
    )
    return [DefaultInfo(files = depset([out]))]

image_lock = rule(
    doc = "images.lock: the digests of images and of programs that are measured by themselves.",
    implementation = _image_lock_impl,
    attrs = {
        "images": attr.label_list(providers = [ImageInfo]),
        "binaries": attr.label_keyed_string_dict(allow_files = True, doc = "program to its name in the lock"),
        "_tool": attr.label(default = "//tools/build/cmd/imagelock", executable = True, cfg = _TOOL_CFG),
    },
)

def _release_impl(ctx):
    out = ctx.actions.declare_directory(ctx.label.name)
    args = ctx.actions.args()
    args.add_all([out], expand_directories = False)
    inputs = []
    pairs = [(dst, _single(target)) for target, dst in ctx.attr.files.items()]
    pairs += [("images/%s.tar" % i[ImageInfo].image, i[ImageInfo].layout) for i in ctx.attr.images]
    for target, dst in ctx.attr.trees.items():
        below = target.label.package + "/"
        pairs += [("%s/%s" % (dst, f.short_path.removeprefix(below)), f) for f in target.files.to_list()]
    for dst, src in pairs:
        inputs.append(src)
        args.add("%s=%s" % (dst, src.path))
    ctx.actions.run_shell(
        command = """
set -eu
out="$1"; shift
for pair in "$@"; do
  dst="$out/${pair%%=*}"
  mkdir -p "${dst%/*}"
  cp -L "${pair#*=}" "$dst"
done
""",
        arguments = [args],
        inputs = inputs,
        outputs = [out],
        mnemonic = "Release",
    )
    return [DefaultInfo(files = depset([out]))]

release = rule(
    doc = "One folder with everything that a room and the demo need; images are OCI layouts as tar.",
    implementation = _release_impl,
    attrs = {
        "files": attr.label_keyed_string_dict(allow_files = True, doc = "file to its path in the folder"),
        "trees": attr.label_keyed_string_dict(allow_files = True, doc = "files of one package to the folder that they keep their paths under"),
        "images": attr.label_list(providers = [ImageInfo]),
    },
)
