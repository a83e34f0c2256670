namespace VizPipeline.Tests.Catalog;

/// <summary>Tests that hold on either database. A class per database derives from them.</summary>
public abstract class CatalogTests(Engine engine) : IAsyncLifetime
{
    private CatalogFixture? catalog;

    protected Engine Engine { get; } = engine;

    protected CatalogFixture Catalog => catalog!;

    public async ValueTask InitializeAsync() => catalog = await CatalogFixture.On(Engine);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (catalog is not null)
            await catalog.DisposeAsync();
    }
}
