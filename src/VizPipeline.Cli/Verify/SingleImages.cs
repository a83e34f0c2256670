using TorchSharp;
using VizPipeline.Catalog;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Images;
using VizPipeline.Methods.Input;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;

namespace VizPipeline.Cli.Verify;

/// <summary>
/// Runs neurons on single images, in a different way from the pipeline: one image at a time, contiguous memory layout, and a plain
/// search for the maximum of the map. The pipeline runs batches in channels-last layout and finds the maximum by pooling.
/// </summary>
internal sealed class SingleImages(
    NetworkRunner runner, Preprocessing preprocessing, IReadOnlyList<NeuronUnderTest> neurons, VerifiedStatistics statistics)
{
    private readonly ILookup<int, NeuronUnderTest> _byNode = neurons.ToLookup(neuron => neuron.Layer.Node);

    /// <summary>Compares every neuron with its map of an image.</summary>
    /// <param name="image">The image's index.</param>
    /// <param name="path">The image's name in findings.</param>
    /// <param name="label">The class of the image.</param>
    /// <param name="crop">The crop of the image.</param>
    public void Compare(int image, string path, int? label, byte[] crop)
    {
        using var scope = torch.NewDisposeScope();
        var input = ImageTensor.Create(crop, 1, preprocessing, runner.Device).contiguous();
        runner.Forward(input, [.. _byNode.Select(node => node.Key)], (node, value) =>
        {
            statistics.Add(node, image, label, value);
            foreach (var neuron in _byNode[node])
                neuron.Compare(image, path, ReadMap(value, neuron.Channel));
        });
        // One patch per neuron is enough to find boxes that are too small, because all boxes of a layer have the same size.
        foreach (var neuron in neurons)
        {
            if (neuron.FindPatch(image) is { Rank: 1 } best)
                CompareAlone(neuron, best, path, input);
        }
    }

    private void CompareAlone(NeuronUnderTest neuron, Patch patch, string path, torch.Tensor input)
    {
        var (height, width) = (input.shape[2], input.shape[3]);
        var box = new Box(patch.ClippedX0, patch.ClippedY0, patch.ClippedX1, patch.ClippedY1);
        var isInside = box.X0 >= 0 && box.Y0 >= 0 && box.X1 <= width && box.Y1 <= height && box.Width > 0 && box.Height > 0;
        // After squeeze-excitation and similar operators the activation depends on the whole image, so the box cannot be checked.
        if (!isInside || (box.Width == width && box.Height == height)
            || !ReceptiveFields.ContainDependencies(runner.Graph, neuron.Layer.Node))
            return;
        using var scope = torch.NewDisposeScope();
        var alone = torch.zeros_like(input);
        Cut(alone, box).copy_(Cut(input, box));
        neuron.CompareAlone(patch, path, ComputeValue(neuron, patch, input), ComputeValue(neuron, patch, alone));
    }

    private float ComputeValue(NeuronUnderTest neuron, Patch patch, torch.Tensor input)
    {
        using var value = runner.Forward(input, neuron.Layer.Node);
        var map = ReadMap(value, neuron.Channel);
        var place = (patch.Y * neuron.Layer.Shape.Width) + patch.X;
        return place >= 0 && place < map.Length ? map[place] : float.NaN;
    }

    private static torch.Tensor Cut(torch.Tensor images, Box box) => images.narrow(2, box.Y0, box.Height).narrow(3, box.X0, box.Width);

    private static float[] ReadMap(torch.Tensor value, int channel)
    {
        using var map = value[0, channel];
        return LayerValues.ToArray(map);
    }
}
