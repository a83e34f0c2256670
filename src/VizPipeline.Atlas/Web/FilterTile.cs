using VizPipeline.Images;
using VizPipeline.Jobs;

namespace VizPipeline.Atlas.Web;

/// <summary>
/// Draws a neuron's filters as a small picture: in colour if it reads the RGB image, otherwise its strongest kernels in grey.
/// </summary>
public static class FilterTile
{
    private const int Gap = 1;
    private const byte Background = 250;

    /// <summary>Draws one pixel per weight, mid-grey for zero; returns null if the table has no kernels for the neuron.</summary>
    /// <param name="table">The link table of the neuron's layer.</param>
    /// <param name="channel">The neuron's channel.</param>
    public static RgbImage? Draw(LinkTable table, int channel)
    {
        ArgumentNullException.ThrowIfNull(table);
        if (channel < 0 || channel >= table.Neurons.Count)
            return null;
        var neuron = table.Neurons[channel];
        var links = neuron.Inputs.Where(
            link => link.Kernel is { Height: > 0, Width: > 0 } kernel && kernel.Weights.Count == kernel.Height * kernel.Width).ToList();
        if (links.Count == 0)
            return null;
        var (height, width) = (links[0].Kernel!.Height, links[0].Kernel!.Width);
        links.RemoveAll(link => link.Kernel!.Height != height || link.Kernel!.Width != width);
        if (links.Count == 3 && links.TrueForAll(link => link.IsInput))
            return Colour([.. links.OrderBy(link => link.Channel).Select(link => link.Kernel!)], neuron.Largest);
        var columns = (int)Math.Ceiling(Math.Sqrt(links.Count));
        var picture = new RgbImage((columns * (width + Gap)) - Gap, ((links.Count + columns - 1) / columns * (height + Gap)) - Gap);
        Array.Fill(picture.Pixels, Background);
        for (var i = 0; i < links.Count; i++)
        {
            var (left, top) = (i % columns * (width + Gap), i / columns * (height + Gap));
            for (var place = 0; place < height * width; place++)
                picture[left + (place % width), top + (place / width)] = Rgb.Grey(
                    KernelShade.ToGrey(links[i].Kernel!.Weights[place], neuron.Largest));
        }
        return picture;
    }

    private static RgbImage Colour(KernelRow[] planes, float scale)
    {
        var picture = new RgbImage(planes[0].Width, planes[0].Height);
        for (var place = 0; place < planes[0].Weights.Count; place++)
        {
            for (var plane = 0; plane < 3; plane++)
                picture.Pixels[(place * 3) + plane] = KernelShade.ToGrey(planes[plane].Weights[place], scale);
        }
        return picture;
    }
}
