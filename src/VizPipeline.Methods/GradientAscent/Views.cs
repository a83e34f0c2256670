using TorchSharp;
using VizPipeline.Images;
using F = TorchSharp.torch.nn.functional;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>
/// The transformed views of a batch of images in one step, and the propagation of gradients back to the images. Rows and columns are
/// resampled by one matrix per view and axis, whose transpose gives the exact gradient; a rotation is reversed by the opposite rotation.
/// Both sum in a fixed order, unlike torch's own gradient of a warp, which sums in any order on a GPU.
/// </summary>
internal sealed class Views
{
    private readonly torch.Tensor? _rows;
    private readonly torch.Tensor? _columns;
    private readonly torch.Tensor? _turn;
    private readonly torch.Tensor? _turnBack;
    private readonly torch.Tensor? _noise;
    private readonly torch.Tensor _grey;
    private readonly int _count;

    private Views(
        IReadOnlyList<Transformation> transformations, ViewFrame[] frames, int count, torch.Tensor grey, torch.Tensor? noise,
        torch.Device device)
    {
        (_count, _grey, _noise) = (count, grey, noise);
        if (!transformations.Any(part => part is not Noise))
            return;
        var (height, width) = (frames[0].Height, frames[0].Width);
        _rows = Resampling([.. frames.Select(frame => (frame.Top, frame.Rows))], height, device);
        _columns = Resampling([.. frames.Select(frame => (frame.Left, frame.Columns))], width, device);
        if (Array.TrueForAll(frames, frame => frame.Degrees == 0))
            return;
        _turn = Rotations(frames, 1, device);
        _turnBack = Rotations(frames, -1, device);
    }

    /// <summary>Returns the number of views per image for <paramref name="transformations"/>.</summary>
    public static int PerImage(IReadOnlyList<Transformation> transformations) =>
        transformations.OfType<Crop>().Select(crop => crop.Views).DefaultIfEmpty(1).Max();

    /// <summary>Draws the views of one step. All tensors belong to the current dispose scope.</summary>
    /// <param name="transformations">The transformations to draw.</param>
    /// <param name="images">One generator per image.</param>
    /// <param name="step">The step's number.</param>
    /// <param name="seed">Determines the noise, together with the step.</param>
    /// <param name="shape">Channels, rows and columns of an image.</param>
    /// <param name="grey">Value outside the image in the image's units, [1, C, 1, 1].</param>
    /// <param name="plain">Images that are not transformed, or null for none.</param>
    public static Views Draw(
        IReadOnlyList<Transformation> transformations, IReadOnlyList<SplitMix> images, int step, int seed,
            (int Channels, int Height, int Width) shape, torch.Tensor grey, bool[]? plain = null)
    {
        var count = PerImage(transformations);
        // If a receptive field's crop is a tenth of the standard input, lengths are a tenth as long.
        var factor = Math.Min(shape.Height, shape.Width) / Transformation.UsualSide;
        var frames = new ViewFrame[images.Count * count];
        for (var i = 0; i < frames.Length; i++)
        {
            var random = images[i / count].At((step * 64) + (i % count));
            frames[i] = new ViewFrame(shape.Height, shape.Width, factor);
            if (plain?[i / count] == true)
                continue;
            foreach (var transformation in transformations)
                transformation.Draw(ref frames[i], ref random);
        }
        torch.Tensor? noise = null;
        if (transformations.OfType<Noise>().Sum(part => part.Deviation) is > 0 and var deviation)
        {
            var values = new float[count * shape.Channels * shape.Height * shape.Width];
            new SplitMix(seed, -1 - step).FillNormal(values, deviation);
            noise = torch.tensor(values, [1, count, shape.Channels, shape.Height, shape.Width]).to(grey.device);
        }
        return new Views(transformations, frames, count, grey, noise, grey.device);
    }

    /// <summary>Returns the views of images [N, C, H, W] as [N * views, C, H, W]; an image's views are adjacent.</summary>
    public torch.Tensor Apply(torch.Tensor images)
    {
        var (n, channels, height, width) = (images.shape[0], images.shape[1], images.shape[2], images.shape[3]);
        var views = images - _grey;
        if (_count > 1)
            views = views.repeat_interleave(_count, 0);
        if (_turn is not null)
            views = Sample(views, _turn);
        if (_rows is not null)
            views = _rows.matmul(views.contiguous()).matmul(_columns!.transpose(2, 3));
        views = views.Plus(_grey);
        return _noise is null
            ? views : views.reshape(n, _count, channels, height, width).Plus(_noise).reshape(n * _count, channels, height, width);
    }

    /// <summary>Returns the gradient with respect to the images, given that with respect to the views.</summary>
    public torch.Tensor Back(torch.Tensor gradient)
    {
        var signal = _rows is null ? gradient : _rows.transpose(2, 3).matmul(gradient.contiguous()).matmul(_columns!);
        if (_turnBack is not null)
            signal = Sample(signal, _turnBack);
        return _count == 1 ? signal : signal.reshape([-1, _count, .. signal.shape[1..]]).sum(1);
    }

    private static torch.Tensor Sample(torch.Tensor maps, torch.Tensor rotations) =>
        F.grid_sample(
            maps.contiguous(), F.affine_grid(rotations, maps.shape, align_corners: false), torch.GridSampleMode.Bilinear,
            torch.GridSamplePaddingMode.Zeros, align_corners: false);

    /// <summary>
    /// Returns bilinear weights [V, 1, size, size] with which output i reads the inputs at start + (i + 0.5) * extent / size - 0.5.
    /// </summary>
    private static torch.Tensor Resampling((double Start, double Extent)[] axes, int size, torch.Device device)
    {
        var starts = torch.tensor([.. axes.Select(axis => (float)(axis.Start + (axis.Extent / size / 2) - 0.5))]).to(device)
            .reshape(-1, 1, 1, 1);
        var strides = torch.tensor([.. axes.Select(axis => (float)(axis.Extent / size))]).to(device).reshape(-1, 1, 1, 1);
        var places = torch.tensor([.. Enumerable.Range(0, size).Select(place => (float)place)], device: device);
        var distances = ((strides * places.reshape(1, 1, -1, 1)).Plus(starts) - places.reshape(1, 1, 1, -1)).abs();
        return 1.0.Minus(distances).ClampMinInPlace(0);
    }

    // [V, 2, 3] in grid_sample's coordinates, -1 to 1 along each side.
    private static torch.Tensor Rotations(ViewFrame[] frames, int sign, torch.Device device)
    {
        var values = new float[frames.Length * 6];
        for (var i = 0; i < frames.Length; i++)
        {
            var (sin, cos) = Math.SinCos(sign * frames[i].Degrees * Math.PI / 180);
            var aspect = (double)frames[i].Height / frames[i].Width;
            float[] matrix = [(float)cos, (float)(-sin * aspect), 0, (float)(sin / aspect), (float)cos, 0];
            matrix.CopyTo(values, i * 6);
        }
        return torch.tensor(values, [frames.Length, 2, 3]).to(device);
    }
}
