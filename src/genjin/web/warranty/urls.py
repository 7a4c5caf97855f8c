from django.urls import path

from genjin.web.warranty import public, staff

urlpatterns = [
    path("warranty", public.register, name="warranty"),
    path("warranty/<str:seal>", public.certificate, name="warranty-certificate"),
    path("warranties", staff.stubs, name="warranties"),
    path("warranties/qr", staff.qr_sheet, name="warranty-qr"),
    path("warranties/qr/<int:pk>", staff.qr_image, name="warranty-qr-image"),
    path("warranties/shipped", staff.shipped, name="warranty-shipped"),
    path("warranties/dealers", staff.dealer_list, name="warranty-dealers"),
    path("warranties/<uuid:pk>", staff.stub_page, name="warranty-stub"),
]
