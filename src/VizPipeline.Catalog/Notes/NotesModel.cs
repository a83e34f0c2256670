using Microsoft.EntityFrameworkCore;

namespace VizPipeline.Catalog;

/// <summary>The tables of lists and notes: in PostgreSQL beside those of the catalog, in a folder in a file of their own.</summary>
internal static class NotesModel
{
    public static void Configure(ModelBuilder model)
    {
        model.Entity<NeuronList>(list =>
        {
            list.ToTable("neuron_list").HasKey(l => l.Id);
            list.Property(l => l.Title).HasConversion<StorableText>();
            list.Ignore(l => l.Neurons);
            list.HasIndex(l => l.Atlas);
        });
        model.Entity<ListedNeuron>(neuron =>
        {
            neuron.ToTable("listed_neuron").HasKey(n => new { n.ListId, n.Layer, n.Channel });
            neuron.Property(n => n.Layer).HasConversion<StorableText>();
            neuron.Property(n => n.Note).HasConversion<StorableText>();
            neuron.HasOne<NeuronList>().WithMany().HasForeignKey(n => n.ListId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}
