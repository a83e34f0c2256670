using TorchSharp;
using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Numpy;
using VizPipeline.Network.Graph;
using VizPipeline.Network.Zoo;

namespace VizPipeline.Tests.Methods;

/// <summary>Tiny Darknet with its real weights, and the reference numbers that an independent program computed for it.</summary>
public static class TinyDarknetReference
{
    public static NetworkGraph Graph() => ZooModels.Find("tiny-darknet")!.Build(
        new Shape(3, 224, 224), ModelWeights.Read(TestData.Path("tiny-darknet", "tiny-darknet.safetensors")));

    public static NpzFile Npz(string name) => NpzFile.Read(TestData.Path("tiny-darknet", name));

    /// <summary>uint8 crops [N, H, W, 3] as the network's input [N, 3, H, W], channels-last.</summary>
    public static torch.Tensor Input(NpyArray crops)
    {
        long[] shape = [.. crops.Shape.Select(extent => (long)extent)];
        return torch.tensor(crops.ToFloats(), shape).div_(255).permute(0, 3, 1, 2);
    }
}
