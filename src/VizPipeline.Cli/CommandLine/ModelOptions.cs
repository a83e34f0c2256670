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

/// <summary>The options that say which network, and how images become its input. The same for every command.</summary>
public sealed class ModelOptions
{
    /// <summary>A network file or an architecture's name.</summary>
    public Option<string> Model { get; } = new("--model") { Description = "Network: an .onnx file, a .safetensors/.pth file of a known architecture, or an architecture's name", Required = true };

    /// <summary>The weights of an architecture.</summary>
    public Option<string?> Weights { get; } = new("--weights") { Description = "Weights (.safetensors or .pth) for an architecture given by name; default those that `viz models pull` fetched" };

    /// <summary>Height and width of the input.</summary>
    public Option<string?> InputSize { get; } = new("--input-size") { Description = "Input size where the model leaves it open, e.g. 224 or 240x320 (height x width)" };

    /// <summary>Preset or file of the preprocessing.</summary>
    public Option<string?> Preprocess { get; } = new("--preprocess") { Description = "imagenet (mean/std), unit (/255), or a JSON file; default: the file beside the model, else that of the architecture's official weights, else imagenet, or unit where the network reads no RGB" };

    /// <summary>Where to compute.</summary>
    public Option<string> Device { get; } = new("--device")
    {
        Description = "auto, cpu, cuda or cuda:1; `viz run` also takes cuda:all, or a list such as cuda:0,cuda:2, and works on all of them",
        DefaultValueFactory = _ => "auto",
    };

    /// <summary>Adds all of them to a command.</summary>
    public void AddTo(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        command.Options.Add(Model);
        command.Options.Add(Weights);
        command.Options.Add(InputSize);
        command.Options.Add(Preprocess);
        command.Options.Add(Device);
    }

    /// <summary>The network, with its weights.</summary>
    /// <exception cref="UsageException">An architecture was named without weights, or the size is no size.</exception>
    public NetworkGraph Open(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        var (model, weights) = (parsed.GetRequiredValue(Model), WeightsOf(parsed));
        var graph = NetworkLoader.Load(model, weights, SizeOf(parsed.GetValue(InputSize)));
        if (weights is not null || File.Exists(model))
            return graph;
        var pull = ZooModels.Find(model) is { Weights.Count: > 0 } known ? $", or fetch the official ones with `viz models pull {known.Name}`" : "";
        throw new UsageException($"architecture '{model}' needs its weights: give the file with --weights{pull}");
    }

    /// <summary>The file of an architecture's weights: as asked for, else official ones that are on this machine; null for a model that is a file itself.</summary>
    public string? WeightsOf(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        var model = parsed.GetRequiredValue(Model);
        if (parsed.GetValue(Weights) is { } given)
            return given;
        return !File.Exists(model) && ZooModels.Find(model) is { } known && ModelFolder.Present(known) is { } here ? ModelFolder.PathOf(here) : null;
    }

    /// <summary>Height and width from <c>224</c> or <c>240x320</c>; null for null.</summary>
    /// <exception cref="UsageException">The text is no size.</exception>
    public static (int Height, int Width)? SizeOf(string? text)
    {
        if (text is null)
            return null;
        var sides = text.Split('x', 'X').Select(side => int.TryParse(side, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0).ToArray();
        return sides is [> 0 and <= 8192, ..] && sides.Length <= 2 && sides[^1] is > 0 and <= 8192
            ? (sides[0], sides[^1]) : throw new UsageException($"--input-size '{text}' is no size; give 224, or height x width as 240x320");
    }

    /// <summary>The preprocessing for <paramref name="graph"/>: as asked for, else from the file beside the model, else ImageNet's, or plain where the network reads no RGB.</summary>
    public Preprocessing PreprocessingFor(ParseResult parsed, NetworkGraph graph)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        ArgumentNullException.ThrowIfNull(graph);
        var (model, input) = (parsed.GetRequiredValue(Model), graph.InputShape);
        var asked = parsed.GetValue(Preprocess) ?? (File.Exists(model) ? Preprocessing.FindBeside(model) : null);
        var preprocessing = asked is null && OfficialOf(WeightsOf(parsed) ?? model, graph) is { } official
            ? PreprocessingOf(official, input)
            : Preprocessing.Load(asked ??= Preprocessing.DefaultPreset(input.Channels), input.Height, input.Width, input.Channels);
        if ((preprocessing.CropHeight, preprocessing.CropWidth) != (input.Height, input.Width))
            throw new UsageException($"--preprocess '{asked}' makes crops of {preprocessing.CropHeight}x{preprocessing.CropWidth}, and the model takes {input.Height}x{input.Width}");
        return preprocessing;
    }

    /// <summary>What torchvision evaluates <paramref name="weights"/> with, for an input of the given shape; other sizes in proportion.</summary>
    public static Preprocessing PreprocessingOf(ZooWeights weights, Shape input)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return Preprocessing.ImageNet(input.Height, input.Width) is var imageNet && Math.Max(input.Height, input.Width) is var side && side < 64
            ? imageNet with { Mean = weights.Mean, Std = weights.Std }
            : imageNet with { ShorterSide = weights.ShorterSideFor(side), Mean = weights.Mean, Std = weights.Std };
    }

    // The official weights that a file's name says it is, else the architecture's first ones: people's own training mostly follows these.
    private static ZooWeights? OfficialOf(string file, NetworkGraph graph)
    {
        if (graph.InputShape.Channels != 3 || ZooModels.Find(graph.Name) is not { Weights.Count: > 0 } known || !File.Exists(file) || !ModelWeights.IsWeights(file))
            return null;
        return known.Weights.FirstOrDefault(weights => weights.File == Path.GetFileName(file)) ?? known.Weights[^1];
    }

    /// <summary>The device that was asked for.</summary>
    public torch.Device DeviceOf(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        return TorchDevice.Find(parsed.GetRequiredValue(Device));
    }
}
