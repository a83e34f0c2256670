using System.Runtime.InteropServices;
using TorchSharp;
using VizPipeline.Catalog;
using VizPipeline.Images;
using VizPipeline.Methods.Input;
using VizPipeline.Network.Execution;
using VizPipeline.Network.Graph;

namespace VizPipeline.Cli.Verify;

/// <summary>
/// Runs neurons on single images: one at a time, in the plain memory layout, on whole maps whose maximum is looked for here. The pipeline
/// runs batches, channels innermost, and lets a pooling find the maximum.
/// </summary>
internal sealed class SingleImages(NetworkRunner runner, Preprocessing preprocessing, IReadOnlyList<NeuronUnderTest> neurons)
{
    private readonly ILookup<int, NeuronUnderTest> _byNode = neurons.ToLookup(neuron => neuron.Layer.Node);

    /// <summary>Shows every neuron its map on an image.</summary>
    /// <param name="image">The image's index.</param>
    /// <param name="path">What messages call it.</param>
    /// <param name="crop">Its crop.</param>
    public void Show(int image, string path, byte[] crop)
    {
        using var scope = torch.NewDisposeScope();
        var input = ImageTensor.Create(crop, 1, preprocessing, runner.Device).contiguous();
        runner.Forward(input, [.. _byNode.Select(node => node.Key)], (node, value) =>
        {
            foreach (var neuron in _byNode[node])
                neuron.See(image, path, Map(value, neuron.Channel));
        });
        // One patch per neuron is enough to find a box that is too small: all boxes of a layer have one shape.
        foreach (var neuron in neurons)
        {
            if (neuron.PatchOn(image) is { Rank: 1 } best)
                ShowAlone(neuron, best, path, input);
        }
    }

    private void ShowAlone(NeuronUnderTest neuron, Patch patch, string path, torch.Tensor input)
    {
        var (height, width) = (input.shape[2], input.shape[3]);
        var box = new Box(patch.ClippedX0, patch.ClippedY0, patch.ClippedX1, patch.ClippedY1);
        var isInside = box.X0 >= 0 && box.Y0 >= 0 && box.X1 <= width && box.Y1 <= height && box.Width > 0 && box.Height > 0;
        // Behind squeeze-excitation and the like the rest of the image has its say: a box cannot be told by it there.
        if (!isInside || (box.Width == width && box.Height == height) || !ReceptiveFields.ContainDependencies(runner.Graph, neuron.Layer.Node))
            return;
        using var scope = torch.NewDisposeScope();
        var alone = torch.zeros_like(input);
        Cut(alone, box).copy_(Cut(input, box));
        neuron.SeeAlone(patch, path, ValueAt(neuron, patch, input), ValueAt(neuron, patch, alone));
    }

    private float ValueAt(NeuronUnderTest neuron, Patch patch, torch.Tensor input)
    {
        using var value = runner.Forward(input, neuron.Layer.Node);
        var map = Map(value, neuron.Channel);
        var place = (patch.Y * neuron.Layer.Shape.Width) + patch.X;
        return place >= 0 && place < map.Length ? map[place] : float.NaN;
    }

    private static torch.Tensor Cut(torch.Tensor images, Box box) => images.narrow(2, box.Y0, box.Height).narrow(3, box.X0, box.Width);

    private static float[] Map(torch.Tensor value, int channel)
    {
        using var scope = torch.NewDisposeScope();
        return MemoryMarshal.Cast<byte, float>(value[0, channel].reshape(-1).contiguous().cpu().bytes).ToArray();
    }
}
