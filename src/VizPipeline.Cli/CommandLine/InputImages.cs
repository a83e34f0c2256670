using TorchSharp;
using VizPipeline.Images;
using VizPipeline.Methods.Input;
using VizPipeline.Network.Graph;

namespace VizPipeline.Cli.CommandLine;

/// <summary>The input images of a command, as the network's input [N, C, H, W] and as pictures.</summary>
internal sealed class InputImages : IDisposable
{
    private readonly Preprocessing _preprocessing;

    private InputImages(torch.Tensor values, Preprocessing preprocessing) => (Values, _preprocessing) = (values, preprocessing);

    /// <summary>The input on the network's device, channels-last.</summary>
    public torch.Tensor Values { get; }

    public int Count => (int)Values.shape[0];

    /// <summary>Reads pictures, which are preprocessed, and arrays, which already are.</summary>
    /// <exception cref="UsageException">A file does not exist, or an array does not fit the network.</exception>
    /// <exception cref="UnreadableImageException">A picture cannot be decoded.</exception>
    public static InputImages Load(IReadOnlyList<string> files, RunningNetwork network)
    {
        using var scope = torch.NewDisposeScope();
        var parts = files.Select(file => Load(file, network)).ToArray();
        return new InputImages(torch.cat(parts).ChannelsLast().MoveToOuterDisposeScope(), network.Preprocessing);
    }

    /// <summary>Reads a single image.</summary>
    /// <exception cref="UsageException">The file does not exist, does not fit the network, or contains several images.</exception>
    public static InputImages LoadOne(string file, RunningNetwork network)
    {
        var images = Load([file], network);
        if (images.Count == 1)
            return images;
        var count = images.Count;
        images.Dispose();
        throw new UsageException($"image array '{file}' contains {count} images; this command takes one, [1, C, H, W] or [C, H, W]");
    }

    /// <summary>Returns an image as planes [C, H, W] from 0 to 255, in the network's channel order.</summary>
    public float[] Planes(int image)
    {
        using var scope = torch.NewDisposeScope();
        return LayerValues.ToArray(PixelScales.Unscale(Values.narrow(0, image, 1).cpu(), PixelScales.Create(_preprocessing)));
    }

    /// <summary>Returns an image as the network sees it: 8-bit pixels before normalization.</summary>
    public RgbImage Picture(int image)
    {
        using var scope = torch.NewDisposeScope();
        var (height, width) = (_preprocessing.CropHeight, _preprocessing.CropWidth);
        var planes = LayerValues.ToArray(Values[image]);
        for (var i = 0; i < planes.Length; i++)
        {
            var (factor, summand) = _preprocessing.Affine[i / (height * width)];
            planes[i] = (planes[i] - summand) / (factor * 255);
        }
        return RangeDisplay.Render(PixelScales.ToRgb(planes, _preprocessing), width, height);
    }

    public void Dispose() => Values.Dispose();

    private static torch.Tensor Load(string file, RunningNetwork network)
    {
        if (!File.Exists(file))
            throw new UsageException(
                Directory.Exists(file)
                ? $"image '{file}' is a folder; give a picture, or several with --image each" : $"image '{file}' does not exist");
        if (!ArrayFile.IsArray(file))
            return ImageTensor.Create(
                network.Preprocessing.CropOf(File.ReadAllBytes(file), file), 1, network.Preprocessing, network.Runner.Device);
        var array = ArrayFile.Read(file);
        Check(file, array.Shape, network.Graph.InputShape);
        return torch.tensor(array.Values, [.. array.Shape.Select(extent => (long)extent)]).to(network.Runner.Device);
    }

    private static void Check(string file, int[] shape, Shape input)
    {
        if ((shape[1], shape[2], shape[3]) != (input.Channels, input.Height, input.Width))
            throw new UsageException(
                $"image array '{file}' has shape [{string.Join(", ", shape)}], but the model takes [N, {input.Channels}, "
                + $"{input.Height}, {input.Width}]");
    }
}
