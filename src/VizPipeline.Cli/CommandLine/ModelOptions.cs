using System.CommandLine;
using System.Globalization;
using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import;
using VizPipeline.Network.Torch;

namespace VizPipeline.Cli.CommandLine;

/// <summary>The options that say which network, and how images become its input. The same for every command.</summary>
public sealed class ModelOptions
{
    /// <summary>A network file or an architecture's name.</summary>
    public Option<string> Model { get; } = new("--model") { Description = "Network: an .onnx file, a .safetensors/.pth file of a known architecture, or an architecture's name", Required = true };

    /// <summary>The weights of an architecture.</summary>
    public Option<string?> Weights { get; } = new("--weights") { Description = "Weights (.safetensors or .pth) for an architecture given by name" };

    /// <summary>Height and width of the input.</summary>
    public Option<string?> InputSize { get; } = new("--input-size") { Description = "Input size where the model leaves it open, e.g. 224 or 240x320 (height x width)" };

    /// <summary>Preset or file of the preprocessing.</summary>
    public Option<string?> Preprocess { get; } = new("--preprocess") { Description = "imagenet (mean/std), unit (/255), or a JSON file; default: the file beside the model, else imagenet, or unit where the network reads no RGB" };

    /// <summary>Where to compute.</summary>
    public Option<string> Device { get; } = new("--device") { Description = "auto, cpu or cuda", DefaultValueFactory = _ => "auto" };

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
        var (model, weights) = (parsed.GetRequiredValue(Model), parsed.GetValue(Weights));
        var graph = NetworkLoader.Load(model, weights, SizeOf(parsed.GetValue(InputSize)));
        return weights is null && !File.Exists(model)
            ? throw new UsageException($"architecture '{model}' needs its weights: give the file with --weights") : graph;
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
        var asked = parsed.GetValue(Preprocess) ?? (File.Exists(model) ? Preprocessing.FindBeside(model) : null) ?? Preprocessing.DefaultPreset(input.Channels);
        var preprocessing = Preprocessing.Load(asked, input.Height, input.Width, input.Channels);
        if ((preprocessing.CropHeight, preprocessing.CropWidth) != (input.Height, input.Width))
            throw new UsageException($"--preprocess '{asked}' makes crops of {preprocessing.CropHeight}x{preprocessing.CropWidth}, and the model takes {input.Height}x{input.Width}");
        return preprocessing;
    }

    /// <summary>The device that was asked for.</summary>
    public torch.Device DeviceOf(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        return TorchDevice.Find(parsed.GetRequiredValue(Device));
    }
}
