using System.CommandLine;
using System.Globalization;
using TorchSharp;
using VizPipeline.Cli.Models;
using VizPipeline.Images;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;
using VizPipeline.Network.Torch;
using VizPipeline.Network.Zoo;

namespace VizPipeline.Cli.CommandLine;

/// <summary>The options that specify the network and its preprocessing, common to all commands.</summary>
public sealed class ModelOptions
{
    /// <summary>The network: a file or the name of an architecture.</summary>
    public Option<string> Model { get; } = new("--model")
    {
        Description = "The network: an .onnx file, a .safetensors or .pth file of a known architecture, or the name of an architecture",
        Required = true,
    };

    /// <summary>The weights file of an architecture.</summary>
    public Option<string?> Weights { get; } = new("--weights")
    {
        Description =
            "Weights file (.safetensors or .pth) for an architecture given by name; default: the weights fetched by `viz models pull`",
    };

    /// <summary>The height and width of the input.</summary>
    public Option<string?> InputSize { get; } = new("--input-size")
    {
        Description = "Input size if the model does not fix it, e.g. 224 or 240x320 (height x width)",
    };

    /// <summary>The preset or file of the preprocessing.</summary>
    public Option<string?> Preprocess { get; } = new("--preprocess")
    {
        Description =
            "imagenet (mean and std of ImageNet), unit (divide by 255), bytes (as they are), or a JSON file; default: the file next to the "
            + "model, else that of the official weights, else bytes if the network takes them, else imagenet, or unit if it does not read "
            + "RGB",
    };

    /// <summary>The device to compute on.</summary>
    public Option<string> Device { get; } = new("--device")
    {
        Description = "auto, cpu, cuda or cuda:1; `viz run` also accepts several devices: cuda:all, or a list such as cuda:0,cuda:2",
        DefaultValueFactory = _ => "auto",
    };

    /// <summary>Adds all options to a command.</summary>
    public void AddTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        command.Options.Add(Model);
        command.Options.Add(Weights);
        command.Options.Add(InputSize);
        command.Options.Add(Preprocess);
        command.Options.Add(Device);
    }

    /// <summary>Loads the network with its weights.</summary>
    /// <exception cref="UsageException">An architecture is named without weights, or the input size is not valid.</exception>
    public NetworkGraph Open(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        var (model, weights) = (parsed.GetRequiredValue(Model), FindWeights(parsed));
        var graph = NetworkLoader.Load(model, weights, ParseSize(parsed.GetValue(InputSize)));
        PrintNotes(graph);
        if (weights is not null || File.Exists(model))
            return graph;
        var pull = ZooModels.Find(model) is { Weights.Count: > 0 } known
            ? $", or fetch the official ones with `viz models pull {known.Name}`" : "";
        throw new UsageException($"architecture '{model}' needs weights: give the file with --weights{pull}");
    }

    /// <summary>Says on the error output how a network was read, where that is not plain.</summary>
    public static void PrintNotes(NetworkGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        foreach (var note in graph.Notes)
            Console.Error.WriteLine($"viz: {graph.Name}: {note}");
    }

    /// <summary>
    /// Returns the weights file of an architecture: the one given, else the official weights on this machine; null if the model is a file
    /// itself.
    /// </summary>
    public string? FindWeights(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        var model = parsed.GetRequiredValue(Model);
        if (parsed.GetValue(Weights) is { } given)
            return given;
        return !File.Exists(model) && ZooModels.Find(model) is { } known && ModelFolder.FindPresent(known) is { } here
            ? ModelFolder.GetPath(here) : null;
    }

    /// <summary>Parses a size such as <c>224</c> or <c>240x320</c>; returns null for null.</summary>
    /// <exception cref="UsageException">The text is not a valid size.</exception>
    public static (int Height, int Width)? ParseSize(string? text)
    {
        if (text is null)
            return null;
        var sides = text.Split('x', 'X')
            .Select(side => int.TryParse(side, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0).ToArray();
        return sides is [> 0 and <= 8192, ..] && sides.Length <= 2 && sides[^1] is > 0 and <= 8192
            ? (sides[0], sides[^1])
            : throw new UsageException($"--input-size '{text}' is not a valid size; give 224, or height x width such as 240x320");
    }

    /// <summary>
    /// Returns the preprocessing for a network: the one given, else that of the file next to the model, else that of the official weights,
    /// else ImageNet's, or a division by 255 if the network does not read RGB.
    /// </summary>
    public Preprocessing GetPreprocessing(ParseResult parsed, NetworkGraph graph)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        ArgumentNullException.ThrowIfNull(graph);
        var (model, input) = (parsed.GetRequiredValue(Model), graph.InputShape);
        var asked = parsed.GetValue(Preprocess) ?? (File.Exists(model) ? Preprocessing.FindBeside(model) : null);
        var preprocessing = asked is null && FindOfficial(FindWeights(parsed) ?? model, graph) is { } official
            ? GetOfficialPreprocessing(official, input)
            : Preprocessing.Load(
                asked ??= Preprocessing.DefaultPreset(input.Channels, graph.TakesBytes), input.Height, input.Width, input.Channels);
        if ((preprocessing.CropHeight, preprocessing.CropWidth) != (input.Height, input.Width))
            throw new UsageException(
                $"--preprocess '{asked}' makes crops of {preprocessing.CropHeight}x{preprocessing.CropWidth}, but the model takes "
                + $"{input.Height}x{input.Width}");
        if (graph.TakesBytes && !preprocessing.IsBytes)
            throw new UsageException(
                $"--preprocess '{asked}' scales pixels, but the network's input is of bytes, which it scales itself; leave the option out, "
                + $"or give '{Preprocessing.BytesPreset}'");
        return preprocessing;
    }

    /// <summary>
    /// Returns the preprocessing that torchvision uses to evaluate <paramref name="weights"/>, scaled to the size of the input.
    /// </summary>
    public static Preprocessing GetOfficialPreprocessing(ZooWeights weights, Shape input)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return Preprocessing.ImageNet(input.Height, input.Width) is var imageNet && Math.Max(input.Height, input.Width) is var side
            && side < 64
            ? imageNet with { Mean = weights.Mean, Std = weights.Std }
            : imageNet with { ShorterSide = weights.ShorterSideFor(side), Mean = weights.Mean, Std = weights.Std };
    }

    // The official weights with that file name, else the first version: most custom training follows its preprocessing.
    private static ZooWeights? FindOfficial(string file, NetworkGraph graph)
    {
        if (graph.InputShape.Channels != 3 || ZooModels.Find(graph.Name) is not { Weights.Count: > 0 } known || !File.Exists(file)
            || !ModelWeights.IsWeights(file))
            return null;
        return known.Weights.FirstOrDefault(weights => weights.File == Path.GetFileName(file)) ?? known.Weights[^1];
    }

    /// <summary>Returns the requested device.</summary>
    public torch.Device GetDevice(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        return TorchDevice.Find(parsed.GetRequiredValue(Device));
    }
}
