using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Numpy;
using VizPipeline.Network.Formats.Safetensors;

namespace VizPipeline.Cli.CommandLine;

/// <summary>Reads preprocessed images from a <c>.npy</c> or <c>.safetensors</c> file.</summary>
internal static class ArrayFile
{
    private const string InputName = "input";

    /// <summary>Whether a file is an array rather than a picture, by its extension.</summary>
    public static bool IsArray(string file) => Path.GetExtension(file).ToLowerInvariant() is ".npy" or ".safetensors";

    /// <summary>Reads the images of a file as [N, C, H, W]; [C, H, W] counts as one image.</summary>
    /// <exception cref="UsageException">The array has a different number of axes, no images, or integer values.</exception>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    public static FloatTensor Read(string file)
    {
        var array = file.EndsWith(".npy", StringComparison.OrdinalIgnoreCase) ? ReadNumpy(file) : ReadSafetensors(file);
        var shape = array.Shape.Length == 3 ? [1, .. array.Shape] : array.Shape;
        if (shape.Length != 4 || array.Count == 0)
            throw new UsageException($"image array '{file}' has shape [{string.Join(", ", array.Shape)}]; give [N, C, H, W] or [C, H, W]");
        return array.With(shape: shape);
    }

    private static FloatTensor ReadNumpy(string file)
    {
        var array = NpyArray.Read(file);
        if (array.DType.Length < 2 || array.DType[1] != 'f')
            throw NoFloats(file, array.DType);
        return array.ToTensor(InputName);
    }

    private static FloatTensor ReadSafetensors(string file)
    {
        var tensors = SafetensorsFile.Read(file);
        var entry = tensors.Entries.FirstOrDefault(entry => entry.Name == InputName) ?? (tensors.Entries is [var single] ? single : null)
            ?? throw new UsageException(
                $"image array '{file}' contains {tensors.Entries.Count} tensors; give a file with a single tensor, or with one named "
                + $"'{InputName}'");
        if (entry.Type is not (ElementType.F16 or ElementType.BF16 or ElementType.F32 or ElementType.F64))
            throw NoFloats(file, entry.Type.ToString());
        return tensors.ReadFloats(entry.Name);
    }

    // Integers are usually pixels, for which a network that expects preprocessed values would silently compute nonsense.
    private static UsageException NoFloats(string file, string type) =>
        new($"image array '{file}' has type {type}; give preprocessed floating-point values, or the picture itself");
}
