using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Parts;

namespace VizPipeline.Tests.Atlas.Web.Parts;

public sealed class LayerNameTests
{
    [Theory]
    [InlineData("conv1", "", "conv1")]
    [InlineData("features.10.squeeze", "features.", "10.squeeze")]
    [InlineData("features.12.expand3x3", "features.", "12.expand3x3")]
    [InlineData("layer4/2.downsampled_convolution", "layer4/2.downsampled_", "convolution")]
    [InlineData("averyveryverylongnamewithoutparts", "averyveryverylongnamewitho", "utparts")]
    public async Task The_end_that_tells_layers_apart_and_the_channel_are_never_cut(string name, string start, string end)
    {
        var html = await DrawAsync(name, channel: 7, wraps: false);
        if (start.Length > 0)
            Assert.Contains($"<span class=\"start\">{start}</span>", html, StringComparison.Ordinal);
        else
            Assert.DoesNotContain("class=\"start\"", html, StringComparison.Ordinal);
        Assert.Contains($"class=\"end\">{end}</span>", html, StringComparison.Ordinal);
        Assert.Contains("<b> 7</b>", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_heading_wraps_between_parts_only() =>
        Assert.EndsWith("features.<wbr>12.<wbr>expand3x3<wbr>", string.Concat(
            (await DrawAsync("features.12.expand3x3", null, wraps: true)).Where(sign => !char.IsWhiteSpace(sign))));

    private static async Task<string> DrawAsync(string name, int? channel, bool wraps)
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        return await new PageRenderer(services, NullLoggerFactory.Instance).RenderAsync<LayerName>(
            ("Name", name), ("Channel", channel), ("Wraps", wraps));
    }
}
