namespace VizPipeline.Images;

/// <summary>What a network's input planes are, in their order.</summary>
public enum ChannelOrder
{
    /// <summary>Red, green, blue.</summary>
    Rgb,

    /// <summary>Blue first, as Caffe's networks have it.</summary>
    Bgr,

    /// <summary>One plane of grey: ITU-R 601's luma, as Pillow's <c>convert('L')</c> makes it.</summary>
    Grey,

    /// <summary>Red, green, blue, and alpha, which is 255 where a picture has none.</summary>
    Rgba,
}

/// <summary>Channel orders by the names that files have for them.</summary>
public static class ChannelOrders
{
    private static readonly (ChannelOrder Order, string Name, int Planes)[] All =
        [(ChannelOrder.Rgb, "RGB", 3), (ChannelOrder.Bgr, "BGR", 3), (ChannelOrder.Grey, "L", 1), (ChannelOrder.Rgba, "RGBA", 4)];

    /// <summary>All names, for messages.</summary>
    internal static string Names => string.Join(", ", All[..^1].Select(item => $"\"{item.Name}\"")) + $" or \"{All[^1].Name}\"";

    /// <summary>The name in JSON: RGB, BGR, L or RGBA.</summary>
    public static string Name(this ChannelOrder order) => All.First(item => item.Order == order).Name;

    /// <summary>How many planes there are.</summary>
    public static int Planes(this ChannelOrder order) => All.First(item => item.Order == order).Planes;

    /// <summary>The order of a name; null where it is none.</summary>
    internal static ChannelOrder? Of(string? name) => All.Where(item => item.Name == name).Select(item => (ChannelOrder?)item.Order).FirstOrDefault();

    /// <summary>What so many planes mean unless somebody says otherwise; null for a number that means nothing.</summary>
    internal static ChannelOrder? Usual(int planes) => All.Where(item => item.Planes == planes).Select(item => (ChannelOrder?)item.Order).FirstOrDefault();
}
