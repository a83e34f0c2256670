using SkiaSharp;

namespace VizPipeline.Sample.Pictures;

/// <summary>
/// Draws meaningless strokes, scraps and specks, so that an edge alone does not reveal the class. Units are pixels.
/// </summary>
internal static class Clutter
{
    public static void Draw(Brush brush, float side, int count, float size)
    {
        for (; count > 0; count--)
        {
            var place = new SKPoint(brush.Dice.Between(0, side), brush.Dice.Between(0, side));
            var color = Palette.Blend(brush.Palette.Any(), brush.Palette.Back, brush.Dice.Between(0, 0.5f));
            var reach = side * size * brush.Dice.Between(0.4f, 1.2f);
            switch (brush.Dice.Whole(0, 3))
            {
                case 0 or 1: Curve(brush, place, reach * 1.8f, color); break;
                case 2: Scrap(brush, place, reach, color); break;
                case 3: Speck(brush, place, reach, color); break;
            }
        }
    }

    private static void Curve(Brush brush, SKPoint place, float reach, SKColor color)
    {
        using var curve = Outline.Draw(path =>
        {
            path.MoveTo(place);
            path.QuadTo(
                place + Outline.OnCircle(brush.Dice.Between(0, 360), reach),
                place + Outline.OnCircle(brush.Dice.Between(0, 360), reach));
        });
        brush.Stroke(curve, color, brush.Dice.Between(0.8f, 3.5f));
    }

    private static void Speck(Brush brush, SKPoint place, float reach, SKColor color)
        => brush.Oval(place.X, place.Y, reach * brush.Dice.Between(0.1f, 0.5f), reach * brush.Dice.Between(0.1f, 0.5f), color);

    private static void Scrap(Brush brush, SKPoint place, float reach, SKColor color)
    {
        // Four to six uneven corners: a scrap with three would be a small triangle, which is a class of its own.
        var corners = new SKPoint[brush.Dice.Whole(4, 6)];
        for (var corner = 0; corner < corners.Length; corner++)
            corners[corner] = place + Outline.OnCircle(
                360f * corner / corners.Length + brush.Dice.Between(-20, 20), reach * brush.Dice.Between(0.2f, 0.8f));
        using var path = Outline.Polygon(corners);
        brush.Fill(path, color);
    }
}
