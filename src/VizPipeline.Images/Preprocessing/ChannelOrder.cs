namespace VizPipeline.Images;

/// <summary>The meaning of a network's input planes, in order.</summary>
public enum ChannelOrder
{
    /// <summary>Red, green, blue.</summary>
    Rgb,

    /// <summary>Blue, green, red, as in Caffe's networks.</summary>
    Bgr,

    /// <summary>One grey plane: ITU-R 601 luma, as in Pillow's <c>convert('L')</c>.</summary>
    Grey,

    /// <summary>Red, green, blue and alpha, which is 255 for images without alpha.</summary>
    Rgba,
}

/// <summary>Channel orders and their names in files.</summary>
public static class ChannelOrders
{
    private static readonly (ChannelOrder Order, string Name, int Planes)[] All =
        [(ChannelOrder.Rgb, "RGB", 3), (ChannelOrder.Bgr, "BGR", 3), (ChannelOrder.Grey, "L", 1), (ChannelOrder.Rgba, "RGBA", 4)];

    /// <summary>All names, for messages.</summary>
    internal static string Names => string.Join(", ", All[..^1].Select(item => $"\"{item.Name}\"")) + $" or \"{All[^1].Name}\"";

    /// <summary>Returns the name in JSON: RGB, BGR, L or RGBA.</summary>
    public static string Name(this ChannelOrder order) => All.First(item => item.Order == order).Name;

    /// <summary>Returns the number of planes.</summary>
    public static int Planes(this ChannelOrder order) => All.First(item => item.Order == order).Planes;

    /// <summary>Returns the order with this name, or null.</summary>
    internal static ChannelOrder? Find(string? name) =>
        All.Where(item => item.Name == name).Select(item => (ChannelOrder?)item.Order).FirstOrDefault();

    /// <summary>Returns the default order for a number of planes, or null if there is none.</summary>
    internal static ChannelOrder? Usual(int planes) =>
        All.Where(item => item.Planes == planes).Select(item => (ChannelOrder?)item.Order).FirstOrDefault();
}
