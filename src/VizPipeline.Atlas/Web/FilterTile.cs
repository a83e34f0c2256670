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
    /// <param name="view">
    /// <see cref="TileView.FilterOfLayer"/>, so that filters of the layer can be compared, or <see cref="TileView.Filter"/>, so that weak
    /// ones can be seen too.
    /// </param>
    public static RgbImage? Draw(LinkTable table, int channel, TileView view)
    {
        ArgumentNullException.ThrowIfNull(table);
        if (channel < 0 || channel >= table.Neurons.Count)
            return null;
        var neuron = table.Neurons[channel];
        var links = neuron.Inputs.Where(
            link => link.Kernel is { Height: > 0, Width: > 0 } kernel && kernel.Weights.Count == kernel.Height * kernel.Width).ToList();
        if (links.Count == 0)
            return null;
        var scale = view == TileView.FilterOfLayer ? GetLayerScale(table) : neuron.Largest;
        var (height, width) = (links[0].Kernel!.Height, links[0].Kernel!.Width);
        links.RemoveAll(link => link.Kernel!.Height != height || link.Kernel!.Width != width);
        if (links.Count == 3 && links.TrueForAll(link => link.IsInput))
            return Colour([.. links.OrderBy(link => link.Channel).Select(link => link.Kernel!)], scale);
        // Single weights touch, in rows that are full: gaps would look like weights.
        var gap = height * width > 1 ? Gap : 0;
        var columns = gap > 0 ? (int)Math.Ceiling(Math.Sqrt(links.Count)) : (links.Count + 1) / 2;
        var picture = new RgbImage((columns * (width + gap)) - gap, ((links.Count + columns - 1) / columns * (height + gap)) - gap);
        Array.Fill(picture.Pixels, Background);
        for (var i = 0; i < links.Count; i++)
        {
            var (left, top) = (i % columns * (width + gap), i / columns * (height + gap));
            for (var place = 0; place < height * width; place++)
                picture[left + (place % width), top + (place / width)] = Rgb.Grey(
                    KernelShade.ToGrey(links[i].Kernel!.Weights[place], scale));
        }
        return picture;
    }

    /// <summary>
    /// Returns whether the filters of a layer can be read at a glance: in colour, or one kernel of more than one weight for each neuron.
    /// </summary>
    public static bool IsReadable(LinkTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        var inputs = table.Neurons.FirstOrDefault(neuron => neuron.Inputs.Count > 0)?.Inputs ?? [];
        return (inputs.Count == 3 && inputs.All(input => input is { IsInput: true, Kernel: not null }))
            || (inputs.Count == 1 && inputs[0].Kernel is { Weights.Count: > 1 });
    }

    /// <summary>Returns the largest magnitude of all weights of a layer, which its filters share as a scale.</summary>
    public static float GetLayerScale(LinkTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return table.Neurons.Select(neuron => neuron.Largest).Where(float.IsFinite).DefaultIfEmpty().Max();
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
