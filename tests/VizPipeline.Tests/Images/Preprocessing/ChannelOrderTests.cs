using VizPipeline.Images;

namespace VizPipeline.Tests.Images;

/// <summary>
/// Crops of grey and of colour with alpha have the pixels that Pillow 9.4 has: convert, resize by bilinear, cut out the centre.
/// </summary>
public sealed class ChannelOrderTests
{
    // 13x10 RGBA of random values, a quarter each of them transparent, opaque and half.
    private static readonly byte[] Picture = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAA0AAAAKCAYAAABv7tTEAAACHUlEQVR4nAESAu39AIK3Dv8aUDm+fsI0AG7Qj11RJEf/QwAC/1RVlP9oXWSAC7jU/4chqQCt"
        + "IZ6A9qFe9lodg4AAzgnWuwTnF/88feyAgOw3gBLdLoC5S64An6KcAEye9wApzxCAgOnXABD8q/9D0zZWvkwegAFI6FboWg02rSxWrWoxYiMujAvE0xECb4D6"
        + "9MyF6vgxezYMADD9plrQlf1/OUjTcJ4KYjmoAeFccAAQF+T/Ry8IANoykrQSlItNj2cVAAxDDIDuhBrCJCc7vfI3dgHwDF6Alab9WytW1RoC4/UVmo9htoHD"
        + "8O0BLA+PTSFgjYDJI4R9yj34FkamVD6/76gO8MTeAM7pdICTNDbqVWgCCwTXsFj4H/jPdK4FhYA39lIANVMdT29NGzErVk7/1T7AALhkKwAHBTWAwPLV+teR"
        + "JoaZMFQAAHiCkf++6Mf/Ca4rAD/oesf1pTcPG03bACr7bEe1eJSAxcFFgN25Ev/KIDEAX2dkFPayANoAmdul7jNiTwC/xfCAOI5S/xD2EIChHgvpTzymlXpT"
        + "EQB2KM2AXu+5AO9Te/8W3IoDH+fSAAARszD/+y/x/xn+ywCC0OQAE2Nb/3croABSJm0It/nY/wad5QBHn/eAzqBDAPF9K/+NH/wAAGaSvwDXoMKAQw7iABja"
        + "iTZCpCH/Rob+gBEgDgAZQraACHbbgGept/9TMIn/5N7bgKLkdOw0QPdxhJvMZQAAAABJRU5ErkJggg==");

    [Fact]
    public void Grey_is_converted_before_it_is_resized() => Assert.Equal(
        Convert.FromBase64String("oZaVmJqfl4acjLaSnY+RdJylhJhhlGtnkpFhfI2bpGpHf3yd"), Small(ChannelOrder.Grey).CropOf(Picture, "picture"));

    [Fact]
    public void Colours_below_transparent_pixels_do_not_bleed() => Assert.Equal(
        Convert.FromBase64String(
            "kp5gPtg+mrGLe6KLdblbUKGnV6SPXsa8rmmRo22awbHJl0a2JMCmWNIbhZdesVZeu5OnxirGS+FwntgmSqDFX7CIWoCC2GRsSr51SbItd0lCe36PsIpw4Jwx"
            + "UJhuJX5Ahyc5nsrIhonZjnzCekkhIXVypBs/Vq9bMVxxh0wSInJZ04FjoVpkV3iGXKlVdEpU"),
        Small(ChannelOrder.Rgba).CropOf(Picture, "picture"));

    [Fact]
    public void A_picture_without_alpha_is_opaque_and_what_it_does_not_cover_is_transparent()
    {
        var crop = new Preprocessing { CropHeight = 2, CropWidth = 4, Channels = ChannelOrder.Rgba }.CropOf(
            Png.Encode(new RgbImage(2, 2, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])), "picture");
        Assert.Equal([0, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0, 7, 8, 9, 10, 11, 12, 0, 0, 0, 0, 255, 255, 0, 0, 255, 255, 0], crop);
    }

    [Theory]
    [InlineData(ChannelOrder.Rgb, new byte[] { 1, 2, 3, 4, 5, 6 }, new float[] { 1, 4, 2, 5, 3, 6 })]
    [InlineData(ChannelOrder.Bgr, new byte[] { 1, 2, 3, 4, 5, 6 }, new float[] { 3, 6, 2, 5, 1, 4 })]
    [InlineData(ChannelOrder.Grey, new byte[] { 1, 2 }, new float[] { 1, 2 })]
    [InlineData(ChannelOrder.Rgba, new byte[] { 1, 2, 3, 4, 5, 6, 7, 8 }, new float[] { 1, 4, 2, 5, 3, 6, 7, 8 })]
    public void Planes_have_the_networks_order(ChannelOrder channels, byte[] crop, float[] planes)
    {
        var preprocessing = new Preprocessing { CropHeight = 1, CropWidth = 2, Channels = channels, Scale = 1 };
        var input = new float[planes.Length];
        preprocessing.ToInput(crop, input);
        Assert.Equal(planes, input);
        Assert.Equal(channels == ChannelOrder.Grey ? [1, 1, 1, 2, 2, 2] : crop[..6], preprocessing.Picture(crop).Pixels);
    }

    [Theory]
    [InlineData(1, ChannelOrder.Grey, 1)]
    [InlineData(3, ChannelOrder.Rgb, 3)]
    [InlineData(4, ChannelOrder.Rgba, 4)]
    public void A_networks_planes_tell_what_they_are_unless_a_file_does(int planes, ChannelOrder channels, int values)
    {
        var unit = Preprocessing.Load("unit", 8, 8, planes);
        Assert.Equal((channels, values, values), (unit.Channels, unit.Mean.Count, unit.Affine.Count));
        Assert.Equal(unit, Preprocessing.Parse(unit.ToJson(), "copy", 8, 8, planes));
        Assert.Equal(channels, Preprocessing.Parse("{}", "empty", 8, 8, planes).Channels);
    }

    [Theory]
    [InlineData(1, """{"channels": "RGB"}""", "channels is RGB, but the network's input has 1 channel")]
    [InlineData(4, """{"mean": [1, 2, 3]}""", "field 'mean' must be four numbers")]
    [InlineData(1, """{"std": [1, 2, 3]}""", "field 'std' must be one positive number")]
    [InlineData(3, """{"channels": "RGBA"}""", "channels is RGBA, but the network's input has 3 channels")]
    [InlineData(2, "{}", "the network's input has 2 channels; VizPipeline reads networks of grey (1), RGB (3) and RGBA (4) images")]
    public void What_does_not_fit_is_told(int planes, string json, string message) =>
        Assert.Contains(message, Assert.Throws<PreprocessingException>(() => Preprocessing.Parse(json, "file", 8, 8, planes)).Message);

    [Fact]
    public void ImageNets_preset_is_of_colour() =>
        Assert.Contains(
            "is for RGB networks", Assert.Throws<PreprocessingException>(() => Preprocessing.Load("imagenet", 8, 8, 1)).Message);

    private static Preprocessing Small(ChannelOrder channels)
        => new() { ShorterSide = 8, CropHeight = 6, CropWidth = 6, Channels = channels };
}
