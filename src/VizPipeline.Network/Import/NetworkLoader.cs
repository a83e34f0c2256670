using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import.Onnx;
using VizPipeline.Network.Zoo;

namespace VizPipeline.Network.Import;

/// <summary>
/// The model cannot be opened: the file or architecture does not exist, or the weights match no architecture. The message is one line that
/// includes the remedy.
/// </summary>
public sealed class ModelNotFoundException(string message) : Exception(message);

/// <summary>
/// Loads a network from an ONNX file, from an architecture's name with weights in a second file, or from weights alone, whose architecture
/// is recognised by their names and shapes.
/// </summary>
public static class NetworkLoader
{
    /// <summary>Loads <paramref name="model"/>.</summary>
    /// <param name="model">A file (.onnx, .safetensors, .pth, .pt) or an architecture's name.</param>
    /// <param name="weights">The weights file of an architecture; null creates placeholders, which can be planned but not run.</param>
    /// <param name="inputSize">Height and width of the input, or null for the model's own size.</param>
    /// <exception cref="ModelNotFoundException">The file or architecture does not exist, or the weights match no architecture.</exception>
    /// <exception cref="ModelFormatException">A file is damaged.</exception>
    /// <exception cref="GraphException">The network is inconsistent or uses unsupported operators.</exception>
    /// <exception cref="WeightsMismatchException">The weights belong to another architecture.</exception>
    public static NetworkGraph Load(string model, string? weights = null, (int Height, int Width)? inputSize = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        if (weights is not null && !File.Exists(weights))
            throw new ModelNotFoundException($"weights file '{weights}' does not exist");
        if (!File.Exists(model))
        {
            var known = ZooModels.Find(model) ?? throw new ModelNotFoundException(
                $"model '{model}' is neither a file nor an architecture"
                + $"{(ZooModels.Nearest(model) is { } near ? $" (do you mean '{near.Name}'?)" : "")}; "
                + "`viz models` lists the architectures");
            return weights is null ? Build(known, null, inputSize) : Fit(known, ModelWeights.Read(weights), inputSize);
        }
        if (IsOnnx(model))
            return OnnxImporter.Read(model, inputSize);
        return weights is null
            ? Recognise(model, ModelWeights.Read(model), inputSize)
            : throw new ModelNotFoundException(
                $"model '{model}' is itself a weights file; "
                + "give an architecture's name as --model together with --weights, or the file alone");
    }

    private static NetworkGraph Build(ZooModel model, IReadOnlyDictionary<string, FloatTensor>? weights, (int Height, int Width)? size)
    {
        var (height, width) = size ?? (model.InputSize, model.InputSize);
        return model.Build(new Shape(model.ChannelsOf(weights), height, width), weights);
    }

    private static NetworkGraph Fit(ZooModel model, IReadOnlyDictionary<string, FloatTensor> weights, (int Height, int Width)? size)
        => Build(model, WeightFit.Find(weights, model)?.Weights ?? weights, size);

    private static NetworkGraph Recognise(string file, IReadOnlyDictionary<string, FloatTensor> weights, (int Height, int Width)? size) =>
        WeightFit.Find(weights) is { } fitted ? Build(fitted.Model, fitted.Weights, size) : throw new ModelNotFoundException(
            $"the weights in '{file}' match none of the architectures that `viz models` lists"
            + (WeightFit.DescribeNearest(weights) is { } nearest ? $"; {nearest}" : "") + "; give an ONNX file instead");

    // Weights files are recognised by their first bytes; an ONNX file has no such mark.
    private static bool IsOnnx(string file) => !ModelWeights.IsWeights(file);
}
