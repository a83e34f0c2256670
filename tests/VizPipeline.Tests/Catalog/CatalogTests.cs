namespace VizPipeline.Tests.Catalog;

/// <summary>Base class of tests that hold on every database; there is one derived class per database.</summary>
public abstract class CatalogTests(Engine engine) : IAsyncLifetime
{
    private CatalogFixture? _catalog;

    protected Engine Engine { get; } = engine;

    protected CatalogFixture Catalog => _catalog!;

    public async ValueTask InitializeAsync() => _catalog = await CatalogFixture.On(Engine);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_catalog is not null)
            await _catalog.DisposeAsync();
    }
}
