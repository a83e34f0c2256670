using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Parts;

namespace VizPipeline.Tests.Atlas.Web.Parts;

public sealed class KernelTileTests
{
    [Fact]
    public async Task A_grey_kernel_diverges_about_zero()
    {
        var svg = await DrawAsync([-2, 0, 1, float.NaN, 2, 4], height: 2, width: 3, scale: 2);

        Assert.Equal(["#000000", "#808080", "#bfbfbf", "#808080", "#ffffff", "#ffffff"], Fills(svg));
        Assert.Contains("viewBox=\"0 0 3 2\"", svg, StringComparison.Ordinal);
        Assert.Contains("shape-rendering=\"crispEdges\"", svg, StringComparison.Ordinal);
        Assert.Contains("aria-label=\"conv1 3 to 4\"", svg, StringComparison.Ordinal);
        Assert.Contains("x=\"2\" y=\"1\"", svg, StringComparison.Ordinal);
        Assert.DoesNotContain("style", svg, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Three_planes_are_a_colour()
        => Assert.Equal(["#ff8000", "#80ff00"], Fills(await DrawAsync([1, 0, 0, 1, -1, -1], height: 1, width: 2, scale: 1)));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Zeros_are_grey_and_a_wrong_number_of_weights_is_no_kernel(int missing)
        => Assert.Equal(
            missing == 0 ? ["#808080", "#808080"] : [], Fills(await DrawAsync(new float[2 - missing], height: 1, width: 2, scale: 0)));

    private static async Task<string> DrawAsync(float[] weights, int height, int width, float scale)
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        return await new PageRenderer(services, NullLoggerFactory.Instance).RenderAsync<KernelTile>(
            ("Weights", weights), ("Height", height), ("Width", width), ("Scale", scale), ("Label", "conv1 3 to 4"));
    }

    private static string[] Fills(string svg) => [.. svg.Split("fill=\"").Skip(1).Select(part => part[..7])];
}
