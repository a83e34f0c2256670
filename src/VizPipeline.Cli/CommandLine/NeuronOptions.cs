using System.CommandLine;
using System.Globalization;
using VizPipeline.Network.Graph;

namespace VizPipeline.Cli.CommandLine;

/// <summary>The options that say which neuron, alike in every command, and what is allowed there.</summary>
internal static class NeuronOptions
{
    /// <summary>The layer, which must be given.</summary>
    public static Option<string> Layer() => new("--layer") { Description = "The layer, named as `viz layers` names it", Required = true };

    /// <summary>The picture, which must be given.</summary>
    public static Option<string> Image() =>
        new("--image") { Description = "A picture, or a preprocessed array [N,C,H,W] in a .npy or .safetensors file", Required = true };

    /// <summary>Checks a channel against its layer.</summary>
    /// <exception cref="UsageException">The layer has no such channel.</exception>
    public static int Check(Layer layer, int channel) => channel >= 0 && channel < layer.Neurons
        ? channel : throw new UsageException($"channel {channel} is not in layer '{layer.Name}', which has channels 0 to {layer.Neurons - 1}");

    /// <summary>The channels of a list of numbers.</summary>
    /// <exception cref="UsageException">A text is no number, or the layer has no such channel.</exception>
    public static int[] Channels(Layer layer, string[] texts) => [.. texts.Select(text => Check(
        layer, int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number : throw new UsageException($"--channel '{text}' is no number; give channels as 5 or 5,17,40")))];

    /// <summary>A position <c>y,x</c> in the layer's map.</summary>
    /// <exception cref="UsageException">The text is no position, or lies outside the map.</exception>
    public static (int Y, int X) PositionOf(string text, Layer layer)
    {
        var parts = text.Split(',').Select(part => int.TryParse(part, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : (int?)null).ToArray();
        if (parts is not [{ } y, { } x])
            throw new UsageException($"--position '{text}' is no position; give row and column of the map as 12,40");
        return y >= 0 && y < layer.Shape.Height && x >= 0 && x < layer.Shape.Width
            ? (y, x)
            : throw new UsageException($"--position {y},{x} lies outside the map of layer '{layer.Name}', which has rows 0 to {layer.Shape.Height - 1} and columns 0 to {layer.Shape.Width - 1}");
    }
}
