using VizPipeline.Images;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Numpy;
using VizPipeline.Network.Formats.Safetensors;

namespace VizPipeline.Tests.Cli;

/// <summary>A folder with a SqueezeNet 1.1 of a few channels, inputs for it, and outputs of commands.</summary>
public sealed class TinyNetwork : IDisposable
{
    /// <summary>Height and width of the input.</summary>
    public const int Side = 32;

    /// <summary>The channel of the first layer whose weights are all zero.</summary>
    public const int DeadChannel = 3;

    private static readonly int[] Fires = [3, 4, 6, 7, 9, 10, 11, 12];
    private readonly string _folder = Directory.CreateTempSubdirectory("viz-cli-").FullName;
    private readonly Random _random = new(3);

    public TinyNetwork()
    {
        var weights = new SafetensorsWriter();
        AddConv(weights, "features.0", 4, 3, 3);
        var inputs = 4;
        foreach (var fire in Fires)
        {
            AddConv(weights, $"features.{fire}.squeeze", 2, inputs, 1);
            AddConv(weights, $"features.{fire}.expand1x1", 3, 2, 1);
            AddConv(weights, $"features.{fire}.expand3x3", 3, 2, 3);
            inputs = 6;
        }
        AddConv(weights, "classifier.1", 5, inputs, 1);
        weights.WriteTo(Path("tiny.safetensors"));

        var picture = new RgbImage(50, 40);
        _random.NextBytes(picture.Pixels);
        File.WriteAllBytes(Path("picture.png"), Png.Encode(picture));
        NpyArray.Write(Path("one.npy"), Values("one", 3, Side, Side));
        NpyArray.Write(Path("three.npy"), Values("three", 3, 3, Side, Side));
    }

    /// <summary>The options that open the network.</summary>
    public string[] Model => ["--model", Path("tiny.safetensors"), "--input-size", $"{Side}"];

    public string Path(string name) => System.IO.Path.Combine(_folder, name);

    /// <summary>Runs a command with the network and an output file.</summary>
    public Task<CommandLineRun> RunAsync(string command, string output, params string[] options) =>
        CommandLineRun.RunAsync([command, .. Model, .. options, "--out", Path(output)]);

    /// <summary>Runs a command that must succeed, and reads the array that it writes.</summary>
    public async Task<NpyArray> ArrayAsync(string command, params string[] options)
    {
        (await RunAsync(command, "array.npy", options)).Succeeded();
        return NpyArray.Read(Path("array.npy"));
    }

    /// <summary>Reads a picture that a command wrote.</summary>
    public RgbImage Picture(string name) => Png.Decode(File.ReadAllBytes(Path(name)));

    /// <summary>Creates an array of random values.</summary>
    public FloatTensor Values(string name, params int[] shape) =>
        new(name, shape,
            [.. Enumerable.Range(0, shape.Aggregate(1, (product, extent) => product * extent))
            .Select(_ => (float)(_random.NextDouble() * 2) - 0.8f)]);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void AddConv(SafetensorsWriter weights, string name, int outputs, int inputs, int kernel)
    {
        var weight = Values($"{name}.weight", outputs, inputs, kernel, kernel);
        var bias = Enumerable.Repeat(0.1f, outputs).ToArray();
        if (name == "features.0")
        {
            weight.Values.AsSpan(DeadChannel * inputs * kernel * kernel).Clear();
            bias[DeadChannel] = -1;
        }
        weights.Add(weight).Add($"{name}.bias", bias, outputs);
    }
}
