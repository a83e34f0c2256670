using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using VizPipeline.Atlas.Web;
using VizPipeline.Atlas.Web.Data;
using VizPipeline.Atlas.Web.Pages;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.Tests.Catalog;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Atlas.Web.Pages;

/// <summary>Tests what the pages of an atlas and of a neuron say, without a browser.</summary>
public sealed class AtlasPageTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_an_atlas_is_being_built_missing_pictures_say_so()
    {
        await using var fixture = await CatalogFixture.On(Engine.Sqlite);
        var (catalog, atlas) = await OpenAsync(fixture, SpecSamples.Small());
        await using var _ = catalog;

        var page = await RenderAsync<AtlasPage>(atlas, await AtlasContents.ReadAsync(catalog, atlas, null, Cancellation));

        // Five, four and two neurons.
        Assert.Equal(11, page.Split("tile none").Length - 1);
        Assert.Equal(11, page.Split("not drawn yet").Length - 1);
        Assert.DoesNotContain("<img src=\"/atlases/sample/tiles", page, StringComparison.Ordinal);
        Assert.Contains("jobs are done", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "There is one image per class, too few to say which class the neuron prefers; the 2 strongest images are of 2 different "
        + "classes: cat, dog.")]
    [InlineData(5, "There are 2.5 images per class, too few to say which class the neuron prefers; the 2 strongest images are of 2 "
        + "different classes: cat, dog.")]
    [InlineData(400, "The 2 strongest images are of 2 different classes: cat, dog.")]
    public async Task With_few_images_per_class_one_sentence_says_so(int images, string expected)
    {
        await using var fixture = await CatalogFixture.On(Engine.Sqlite);
        var small = SpecSamples.Small();
        var (catalog, atlas) = await OpenAsync(fixture, small with { Images = small.Images with { Count = images } });
        await using var _ = catalog;
        var neuron = await catalog.Neurons.FirstAsync(row => row.LayerId == atlas.Layers[0].Id, Cancellation);
        (neuron.BestClass, neuron.TopClasses) = (0, [0, 1]);

        var page = await RenderAsync<NeuronPage>(atlas, new NeuronContents(atlas.Layers[0], neuron, [], [], []));

        var classes = page[page.IndexOf("aria-label=\"Classes\"", StringComparison.Ordinal)..];
        classes = classes[(classes.IndexOf("</h2>", StringComparison.Ordinal) + 5)..];
        classes = classes[..classes.IndexOf("</section>", StringComparison.Ordinal)];
        var text = string.Join(' ', System.Text.RegularExpressions.Regex.Replace(classes, "<[^>]+>", "")
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.EndsWith(expected, text, StringComparison.Ordinal);
        Assert.Equal(images == 400, text.Contains("Best class", StringComparison.Ordinal));
        Assert.DoesNotContain("<meter", classes, StringComparison.Ordinal);
    }

    private static async Task<(CatalogContext Catalog, LoadedAtlas Atlas)> OpenAsync(CatalogFixture fixture, AtlasSpec spec)
    {
        await fixture.Create(spec);
        var catalog = fixture.Database.Open();
        return (catalog, (await LoadedAtlas.FindAsync(catalog, spec.Id, Cancellation))!);
    }

    private static async Task<string> RenderAsync<TPage>(LoadedAtlas atlas, object contents)
        where TPage : Microsoft.AspNetCore.Components.IComponent
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        return await new PageRenderer(services, NullLoggerFactory.Instance).RenderAsync<TPage>(
            ("Links", ServerLinks.Instance), ("Atlas", atlas), ("Contents", contents));
    }
}
