using Microsoft.EntityFrameworkCore;
using VizPipeline.Jobs;

namespace VizPipeline.Catalog;

/// <summary>The tables of the catalog, for any database. Each database has its own derived context and migrations.</summary>
public abstract class CatalogContext(DbContextOptions options) : DbContext(options)
{
    /// <summary>The atlases.</summary>
    public DbSet<Atlas> Atlases => Set<Atlas>();

    /// <summary>Their layers.</summary>
    public DbSet<Layer> Layers => Set<Layer>();

    /// <summary>Their neurons.</summary>
    public DbSet<Neuron> Neurons => Set<Neuron>();

    /// <summary>The neurons' top patches.</summary>
    public DbSet<Patch> Patches => Set<Patch>();

    /// <summary>The neurons' facets.</summary>
    public DbSet<Facet> Facets => Set<Facet>();

    /// <summary>The image sets.</summary>
    public DbSet<Image> Images => Set<Image>();

    /// <summary>Names of the images' classes.</summary>
    public DbSet<ImageClass> ImageClasses => Set<ImageClass>();

    /// <summary>The pictures.</summary>
    public DbSet<Picture> Pictures => Set<Picture>();

    /// <summary>The jobs.</summary>
    public DbSet<Job> Jobs => Set<Job>();

    /// <summary>The workers that have reported.</summary>
    public DbSet<WorkerNode> Workers => Set<WorkerNode>();

    /// <summary>Writes many rows inside the current transaction; see <see cref="BulkWrite"/>.</summary>
    internal abstract Task WriteAsync<T>(BulkTable table, IEnumerable<T> rows, CancellationToken cancellation)
        where T : class;

    /// <summary>Makes the queries of this transaction read rows in index order, whatever the table statistics say.</summary>
    internal virtual Task FollowIndexesAsync(CancellationToken cancellation) => Task.CompletedTask;

    /// <inheritdoc/>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<AtlasState>().HaveConversion<EnumName<AtlasState>>();
        configurationBuilder.Properties<JobState>().HaveConversion<EnumName<JobState>>();
        configurationBuilder.Properties<JobKind>().HaveConversion<EnumName<JobKind>>();
        configurationBuilder.Properties<WorkerState>().HaveConversion<EnumName<WorkerState>>();
    }

    /// <inheritdoc/>
    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        // Natural keys: ingesting a row twice updates it, and no generated number has to be looked up first.
        modelBuilder.Entity<Atlas>(atlas =>
        {
            atlas.ToTable("atlas").HasKey(a => a.Id);
            atlas.HasIndex(a => a.Slug).IsUnique();
        });
        modelBuilder.Entity<Layer>(layer =>
        {
            layer.ToTable("layer").HasKey(l => l.Id);
            layer.HasIndex(l => new { l.AtlasId, l.LayerIndex }).IsUnique();
            layer.HasIndex(l => new { l.AtlasId, l.Name }).IsUnique();
            layer.HasOne<Atlas>().WithMany().HasForeignKey(l => l.AtlasId);
        });
        modelBuilder.Entity<Neuron>(neuron =>
        {
            neuron.ToTable("neuron").HasKey(n => new { n.LayerId, n.Channel });
            neuron.Property(n => n.Name).HasConversion<StorableText>();
            neuron.HasOne<Layer>().WithMany().HasForeignKey(n => n.LayerId);
        });
        modelBuilder.Entity<Patch>(patch =>
        {
            patch.ToTable("patch").HasKey(p => new { p.LayerId, p.Channel, p.Rank });
            patch.HasOne<Neuron>().WithMany().HasForeignKey(p => new { p.LayerId, p.Channel });
            // "Which neurons does this image excite?"
            patch.HasIndex(p => p.ImageIndex);
        });
        modelBuilder.Entity<Facet>(facet =>
        {
            facet.ToTable("facet").HasKey(f => new { f.LayerId, f.Channel, f.Number });
            facet.HasOne<Neuron>().WithMany().HasForeignKey(f => new { f.LayerId, f.Channel });
        });
        modelBuilder.Entity<Image>(image =>
        {
            image.ToTable("image").HasKey(i => new { i.AtlasId, i.ImageIndex });
            image.HasOne<Atlas>().WithMany().HasForeignKey(i => i.AtlasId);
            image.Property(i => i.Path).HasConversion<StorableText>();
            image.Property(i => i.UnreadableReason).HasConversion<StorableText>();
        });
        modelBuilder.Entity<ImageClass>(@class =>
        {
            @class.ToTable("image_class").HasKey(c => new { c.AtlasId, c.ClassIndex });
            @class.HasOne<Atlas>().WithMany().HasForeignKey(c => c.AtlasId);
            @class.Property(c => c.Name).HasConversion<StorableText>();
        });
        modelBuilder.Entity<Picture>(picture =>
        {
            picture.ToTable("picture").HasKey(p => new { p.LayerId, p.Channel, p.Method, p.Variant, p.Seed });
            picture.HasOne<Layer>().WithMany().HasForeignKey(p => p.LayerId);
        });
        modelBuilder.Entity<Job>(job =>
        {
            job.ToTable("job").HasKey(j => new { j.AtlasId, j.JobId });
            job.HasOne<Atlas>().WithMany().HasForeignKey(j => j.AtlasId);
            // For the dispatcher: the index yields the next pending jobs of a kind in order, so nothing is sorted, however many are
            // waiting.
            job.HasIndex(j => new { j.State, j.Kind, j.Priority, j.AtlasId, j.JobId });
            // For the stages: counts by state within a group.
            job.HasIndex(j => new { j.AtlasId, j.Kind, j.LayerIndex, j.State });
            job.Property(j => j.Error).HasConversion<StorableText>();
        });
        modelBuilder.Entity<WorkerNode>(worker => worker.ToTable("worker").HasKey(w => w.Name));
    }
}
