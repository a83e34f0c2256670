using System.Text;
using VizPipeline.Network.Formats.PyTorch;
using VizPipeline.Network.Formats.Safetensors;

namespace VizPipeline.Network.Formats;

/// <summary>Reads a network's weights from any supported format. The file's content decides, not its name.</summary>
public static class ModelWeights
{
    private const int StartBytes = 64;

    /// <summary>Reads all tensors as float32, by name in file order, without the prefixes that wrappers add (<c>module.</c>).</summary>
    /// <exception cref="ModelFormatException">The file cannot be read, or is neither safetensors nor a PyTorch state dict.</exception>
    public static IReadOnlyDictionary<string, FloatTensor> Read(string path)
    {
        var source = ByteSource.FromFile(path);
        var start = source.Start(StartBytes);
        if (IsZip(start) || StateDict.IsLegacy(start))
            return StateDict.Read(source);
        if (LooksLikeSafetensors(start) || path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) && WellKnown(start) is null)
            return Unwrap(SafetensorsFile.Read(path).ReadFloats());
        var (problem, advice) = WellKnown(start)
            ?? ("is neither a safetensors file nor a PyTorch state dict", "convert the weights to safetensors");
        throw new ModelFormatException(path, problem, advice);
    }

    /// <summary>
    /// Returns whether a file's first bytes are those of a weights file (or of a known wrong file that <see cref="Read"/> explains) rather
    /// than possibly of an ONNX file.
    /// </summary>
    /// <exception cref="ModelFormatException">The file cannot be read.</exception>
    public static bool IsWeights(string path)
    {
        var start = ByteSource.FromFile(path).Start(StartBytes);
        return IsZip(start) || StateDict.IsLegacy(start) || LooksLikeSafetensors(start) || WellKnown(start) is not null;
    }

    private static bool IsZip(ReadOnlySpan<byte> start) => start.StartsWith("PK\x03\x04"u8);

    private static bool LooksLikeSafetensors(ReadOnlySpan<byte> start) =>
        start.Length > 8 && start[8] == (byte)'{' && start[6] == 0 && start[7] == 0;

    // Other files that often end up under a model's name.
    private static (string Problem, string Advice)? WellKnown(byte[] start)
    {
        var text = Encoding.Latin1.GetString(start);
        if (start.Length == 0)
            return ("is empty", "fetch it again");
        if (text.StartsWith("version https://git-lfs", StringComparison.Ordinal))
            return ("is a Git LFS pointer, not the model itself", "run 'git lfs pull' in its repository");
        if (text.TrimStart().StartsWith('<'))
            return ("is a web page, not a model", "the download failed: fetch it again");
        if (text.StartsWith("\u0089HDF", StringComparison.Ordinal))
            return ("is an HDF5 file (Keras), which is not supported", "export the network to ONNX");
        return null;
    }

    private static OrderedDictionary<string, FloatTensor> Unwrap(IReadOnlyDictionary<string, FloatTensor> tensors)
    {
        var own = new OrderedDictionary<string, FloatTensor>(tensors.Count, StringComparer.Ordinal);
        foreach (var (inFile, name) in WeightNames.Own(tensors.Keys))
            own[name] = tensors[inFile].With(name: name);
        return own;
    }
}
