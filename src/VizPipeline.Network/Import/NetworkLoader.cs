using VizPipeline.Network.Formats;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Import.Onnx;
using VizPipeline.Network.Zoo;

namespace VizPipeline.Network.Import;

/// <summary>The model cannot be opened: no such file or architecture, or weights that fit none. The message is one line with the remedy.</summary>
public sealed class ModelNotFoundException(string message) : Exception(message);

/// <summary>
/// Opens a network from whatever the user has: an ONNX file; the name of an architecture of the zoo with its weights in a second file; or
/// the weights alone, whose architecture is found by their names and shapes.
/// </summary>
public static class NetworkLoader
{
    /// <summary>Opens <paramref name="model"/>.</summary>
    /// <param name="model">A file (.onnx, .safetensors, .pth, .pt), or an architecture's name.</param>
    /// <param name="weights">The weights' file for an architecture; null makes a network of placeholders that can be planned but not run.</param>
    /// <param name="inputSize">Height and width of the input, or null for the model's own.</param>
    /// <exception cref="ModelNotFoundException">There is no such file or architecture.</exception>
    /// <exception cref="ModelFormatException">A file is damaged.</exception>
    /// <exception cref="GraphException">The network does not fit together, or uses unknown operators.</exception>
    /// <exception cref="WeightsMismatchException">The weights are another architecture's.</exception>
    public static NetworkGraph Load(string model, string? weights = null, (int Height, int Width)? inputSize = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        if (weights is not null && !File.Exists(weights))
            throw new ModelNotFoundException($"weights file '{weights}' does not exist");
        if (!File.Exists(model))
        {
            var known = ZooModels.Find(model) ?? throw new ModelNotFoundException(
                $"model '{model}' is neither a file nor an architecture{(ZooModels.Nearest(model) is { } near ? $" (do you mean '{near.Name}'?)" : "")}; `viz models` lists the architectures");
            return Build(known, weights is null ? null : ModelWeights.Read(weights), inputSize);
        }
        if (IsOnnx(model))
            return OnnxImporter.Read(model, inputSize);
        return weights is null
            ? Recognise(model, ModelWeights.Read(model), inputSize)
            : throw new ModelNotFoundException($"model '{model}' holds weights itself; give an architecture's name with --model beside --weights, or the file alone");
    }

    private static NetworkGraph Build(ZooModel model, IReadOnlyDictionary<string, FloatTensor>? weights, (int Height, int Width)? size)
    {
        var (height, width) = size ?? (model.InputSize, model.InputSize);
        return model.Build(new Shape(model.ChannelsOf(weights), height, width), weights);
    }

    private static NetworkGraph Recognise(string file, IReadOnlyDictionary<string, FloatTensor> weights, (int Height, int Width)? size) =>
        ZooModels.Recognise(weights) is { } model ? Build(model, weights, size) : throw new ModelNotFoundException(
            $"the weights in '{file}' fit none of the architectures that `viz models` lists; give an ONNX file instead");

    // Weights of either kind are recognised by their first bytes; an ONNX file has no such mark.
    private static bool IsOnnx(string file) => !ModelWeights.IsWeights(file);
}
