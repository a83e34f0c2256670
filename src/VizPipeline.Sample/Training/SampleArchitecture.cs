using VizPipeline.Sample.Pictures;

namespace VizPipeline.Sample.Training;

/// <summary>A convolution with its batch norm and ReLU, and whether a 3x3 max-pool of stride 2 follows.</summary>
internal sealed record Stage(string Name, int Inputs, int Channels, int Kernel, int Stride, bool Pooled)
{
    public int Padding => Kernel / 2;
}

/// <summary>
/// The sample network's architecture; the trainer and the ONNX writer both use it. Few, wide layers after Zeiler and Fergus: 7x7 filters
/// that show recognisable structure, overlapping pools, then 3x3.
/// </summary>
internal static class SampleArchitecture
{
    public static IReadOnlyList<Stage> Stages { get; } =
    [
        new("conv1", 3, 32, 7, 2, Pooled: true),
        new("conv2", 32, 48, 5, 1, Pooled: true),
        new("conv3", 48, 64, 3, 1, Pooled: false),
        new("conv4", 64, 96, 3, 1, Pooled: true),
        new("conv5", 96, 128, 3, 1, Pooled: false),
    ];

    public const int PoolKernel = 3, PoolStride = 2, PoolPadding = 1;

    /// <summary>Of pixel values in 0..1. Round numbers, because the pictures are our own and spread around the middle.</summary>
    public const float Mean = 0.5f, Deviation = 0.25f;

    public static int Features => Stages[^1].Channels;

    public static int Classes => PictureGenerator.Classes.Count;
}
