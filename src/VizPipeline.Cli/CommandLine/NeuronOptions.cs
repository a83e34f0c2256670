using System.CommandLine;
using System.Globalization;
using VizPipeline.Network.Graph;

namespace VizPipeline.Cli.CommandLine;

/// <summary>The options that specify a neuron, common to all commands, and the checks of their values.</summary>
internal static class NeuronOptions
{
    /// <summary>Creates the required option for the layer.</summary>
    public static Option<string> CreateLayer() => new("--layer") { Description = "The layer, as listed by `viz layers`", Required = true };

    /// <summary>Creates the required option for the picture.</summary>
    public static Option<string> CreateImage() =>
        new("--image") { Description = "A picture, or a .npy or .safetensors file with a preprocessed array [N,C,H,W]", Required = true };

    /// <summary>Returns the channel if the layer has it.</summary>
    /// <exception cref="UsageException">The layer has no such channel.</exception>
    public static int CheckChannel(Layer layer, int channel) => channel >= 0 && channel < layer.Neurons
        ? channel : throw new UsageException($"layer '{layer.Name}' has no channel {channel}; it has channels 0 to {layer.Neurons - 1}");

    /// <summary>Parses a list of channels.</summary>
    /// <exception cref="UsageException">A value is not a number, or the layer has no such channel.</exception>
    public static int[] ParseChannels(Layer layer, string[] texts) => [.. texts.Select(text => CheckChannel(
        layer, int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number : throw new UsageException($"--channel '{text}' is not a number; give channels such as 5 or 5,17,40")))];

    /// <summary>Parses a position <c>y,x</c> in the layer's map.</summary>
    /// <exception cref="UsageException">The text is not a position, or the position is outside the map.</exception>
    public static (int Y, int X) ParsePosition(string text, Layer layer)
    {
        var parts = text.Split(',')
            .Select(part => int.TryParse(part, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number : (int?)null).ToArray();
        if (parts is not [{ } y, { } x])
            throw new UsageException($"--position '{text}' is not a position; give row and column of the map, such as 12,40");
        return y >= 0 && y < layer.Shape.Height && x >= 0 && x < layer.Shape.Width
            ? (y, x)
            : throw new UsageException(
                $"--position {y},{x} is outside the map of layer '{layer.Name}', which has rows 0 to {layer.Shape.Height - 1} and "
                + $"columns 0 to {layer.Shape.Width - 1}");
    }
}
