using System.Runtime.InteropServices;
using VizPipeline.Fuzz.Mutations;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Numpy;
using VizPipeline.Network.Formats.Safetensors;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;
using VizPipeline.Network.Zoo;
using VizPipeline.Tests.Network.Formats.PyTorch;

namespace VizPipeline.Fuzz.Targets;

/// <summary>Weights and arrays: PyTorch's files, safetensors, .npy and .npz; and an architecture that is given such weights.</summary>
public sealed class WeightsTarget : FuzzTarget
{
    private const string Architecture = "squeezenet1_1";
    private static readonly int[] Fires = [3, 4, 6, 7, 9, 10, 11, 12];

    /// <inheritdoc/>
    public override string Name => "weights";

    /// <inheritdoc/>
    public override bool IsDocumented(Exception error) => error is ModelFormatException or GraphException or WeightsMismatchException;

    /// <inheritdoc/>
    public override long AllowedBytes(FuzzInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        // Fixed costs (buffers, JSON and zip machinery), and objects per byte of the file.
        return (4 << 20) + (400L * input.Bytes.Length);
    }

    /// <inheritdoc/>
    public override string Read(FuzzInput input, string file, bool mayCrash, Action isRead)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.Name.EndsWith(".npy", StringComparison.Ordinal))
            return $"array of {NpyArray.Read(file).ToFloats().GetType().Name[..5]}";
        if (input.Name.EndsWith(".npz", StringComparison.Ordinal))
        {
            var archive = NpzFile.Read(file);
            foreach (var name in archive.Names)
                archive.Array(name).ToFloats();
            return "arrays";
        }
        if (input.Name.StartsWith(Architecture, StringComparison.Ordinal))
            return $"{NetworkLoader.Load(Architecture, file, (32, 32)).Nodes.Count} nodes";
        return ModelWeights.Read(file).Count > 0 ? "weights" : "no weights";
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<FuzzSeed> Seeds()
    {
        var random = new Random(5);
        var dict = new PickleWriter().OrderedDict(pairs => pairs
            .Text("conv.weight").Tensor("0", 24, [2, 3, 2, 2], [12, 4, 2, 1]).Text("conv.bias").Tensor("1", 2, [2], [1])
                .Text("fc.weight").Tensor("0", 24, [3, 4], [1, 3], offset: 4));
        var checkpoint = new PickleWriter().Dict(pairs => pairs
            .Text("epoch").Number(90).Text("state_dict")
                .OrderedDict(inner => inner.Text("module.w").Tensor("0", 24, [24], [1]).Text("module.b").Tensor("1", 2, [], []))
            .Text("args").Op(']').Op('(').Number(1).Text("sgd").Op('N').Raw(0x88).Op('e')
                .Text("lr").Raw((byte)'G', 63, 185, 153, 153, 153, 153, 153, 154));
        var half = new PickleWriter().Dict(pairs => pairs.Text("h").Tensor("0", 8, [2, 4], [4, 1], type: "HalfStorage").Text("l").Tensor(
            "1", 2, [2], [1], type: "LongStorage"));
        (string, byte[])[] parts = [TorchZip.Floats("0", Floats(random, 24)), TorchZip.Floats("1", 1, 2)];
        (string, byte[])[] halfParts = [("data/0", Enumerable.Repeat((byte)60, 16).ToArray()), ("data/1", new byte[16])];
        return
        [
            Torch("plain.pth", TorchZip.Of(dict.End(), parts)), Torch("checkpoint.pth", TorchZip.Of(checkpoint.End(), parts)), Torch(
                "half.pt", TorchZip.Of(half.End(), halfParts)),
            new("old.pth", Old(dict, [LegacyTorch.Floats("0", Floats(random, 24)), LegacyTorch.Floats("1", 1, 2)]), PickleMutations.Mutate),
            new(
                "older.pth.tar", Old(checkpoint, [LegacyTorch.Floats("0", Floats(random, 24)), LegacyTorch.Floats("1", 1, 2)]),
                PickleMutations.Mutate),
            new("weights.safetensors", Safetensors(random), ContainerMutations.Safetensors),
            new(Architecture + ".safetensors", Network(random), ContainerMutations.Safetensors),
            new("array.npy", Npy(random)), new("arrays.npz", Npz(random)),
        ];
    }

    private static byte[] Old(PickleWriter pickle, (string, long, byte[])[] storages) => LegacyTorch.Of(pickle.End(), storages);

    private static FuzzSeed Torch(string name, byte[] file)
        => new(name, ZipFiles.Of(ZipFiles.Members(file)), (bytes, random) => ContainerMutations.Zip(
            bytes,
            (member, content) => member.EndsWith("data.pkl", StringComparison.Ordinal)
                ? PickleMutations.Mutate(content, random)
                : ByteMutations.Damage(content, content, random),
            random));

    private static byte[] Safetensors(Random random) => Written(".safetensors", file =>
        new SafetensorsWriter().Add("conv.weight", Floats(random, 24), 2, 3, 2, 2).Add("conv.bias", Floats(random, 2), 2)
            .Add("fc.weight", Floats(random, 12), 3, 4).WriteTo(file));

    // One channel in each layer: names and shapes are what counts.
    private static byte[] Network(Random random) => Written(".safetensors", file =>
    {
        var weights = new SafetensorsWriter();
        Add("features.0", 1, 3, 3);
        foreach (var fire in Fires)
        {
            Add($"features.{fire}.squeeze", 1, fire == Fires[0] ? 1 : 2, 1);
            Add($"features.{fire}.expand1x1", 1, 1, 1);
            Add($"features.{fire}.expand3x3", 1, 1, 3);
        }
        Add("classifier.1", 2, 2, 1);
        weights.WriteTo(file);

        void Add(string name, int outputs, int inputs, int kernel) =>
            weights.Add($"{name}.weight", Floats(random, outputs * inputs * kernel * kernel), outputs, inputs, kernel, kernel)
                .Add($"{name}.bias", Floats(random, outputs), outputs);
    });

    private static byte[] Npy(Random random)
        => Written(".npy", file => NpyArray.Write(file, new FloatTensor("x", [2, 3, 4], Floats(random, 24))));

    private static byte[] Npz(Random random)
        => ZipFiles.Of([("a.npy", Npy(random)), ("b.npy", Npy(random))], System.IO.Compression.CompressionLevel.Fastest);

    private static byte[] Written(string extension, Action<string> write)
    {
        var folder = Directory.CreateTempSubdirectory("viz-fuzz-").FullName;
        write(Path.Combine(folder, "seed" + extension));
        var bytes = File.ReadAllBytes(Path.Combine(folder, "seed" + extension));
        Directory.Delete(folder, recursive: true);
        return bytes;
    }

    internal static float[] Floats(Random random, int count)
        => [.. Enumerable.Range(0, count).Select(_ => (float)random.NextDouble() - 0.4f)];

    internal static byte[] Bytes(float[] values) => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
}
